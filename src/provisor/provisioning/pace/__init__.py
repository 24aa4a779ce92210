"""When a request may leave, and how many works go on at a time (R12)."""
