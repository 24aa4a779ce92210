"""The settings of an application."""
