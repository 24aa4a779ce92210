"""Work that takes time: watched from any page, and stopped."""
