"""The list of applications, and one application's pages."""
