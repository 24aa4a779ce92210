"""Runs and the provisioning log of all applications."""
