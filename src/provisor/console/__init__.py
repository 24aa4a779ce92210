"""Server-rendered pages behind sign-in."""
