"""How long the pages of the console take, and how often they ask the database, in a large directory."""
