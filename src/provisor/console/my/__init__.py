"""My apps: what a person opens, and what is asked of them for it. Nothing of administration."""
