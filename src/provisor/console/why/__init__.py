"""Why somebody has an account, or why not."""
