"""Import of users and groups from CSV: upload, preview, and the work that does it."""
