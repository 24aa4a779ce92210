"""The command line: thin adapters on the same services as the API."""
