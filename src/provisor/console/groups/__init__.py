"""Groups: list, create, manage."""
