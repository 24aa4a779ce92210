"""Users: list, add, change, one person's page, import."""
