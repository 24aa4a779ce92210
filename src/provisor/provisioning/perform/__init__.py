"""Carry out one work against the application, without making anything twice (R2, R5, R6)."""
