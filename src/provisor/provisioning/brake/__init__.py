"""What is held for a person, and what people decide about it (R10)."""
