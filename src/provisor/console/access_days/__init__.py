"""Access on a day: of an application, and of a person."""
