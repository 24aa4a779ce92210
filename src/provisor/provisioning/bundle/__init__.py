"""Many writes in one bulk request (RFC 7644, 3.7)."""
