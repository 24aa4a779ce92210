"""Add application, step by step."""
