"""Where the engine lives: one process on SQLite, any number of workers on PostgreSQL (engine.md, section 10)."""
