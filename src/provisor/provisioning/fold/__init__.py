"""Journal entries become due links, from the current tables (engine.md, section 1)."""
