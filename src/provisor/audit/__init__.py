"""Every act of a person, a token or the system, hash-chained, written in the act's own transaction."""
