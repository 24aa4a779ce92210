"""Why somebody has an account, or had one on a day."""
