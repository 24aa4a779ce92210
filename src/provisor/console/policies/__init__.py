"""Policies: list, add, change."""
