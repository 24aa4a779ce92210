"""Provisor's own users, groups and memberships: the source of truth. It knows nothing of applications."""
