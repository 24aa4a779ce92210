"""Scans of a whole application, what they find, and what people make of it."""
