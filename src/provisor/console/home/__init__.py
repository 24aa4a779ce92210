"""What is going on in every application, and what needs a person."""
