"""Keeps every application in step: fold, links, passes, attempts, runs, brake and health."""
