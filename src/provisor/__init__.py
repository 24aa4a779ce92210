"""Provisor: an identity directory that keeps every SCIM 2.0 application in step with it."""

__version__ = "0.1.0"
