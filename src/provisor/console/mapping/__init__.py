"""The mapping and the features of an application."""
