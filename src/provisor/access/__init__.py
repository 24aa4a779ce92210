"""Accounts that sign in, their roles, and API tokens."""
