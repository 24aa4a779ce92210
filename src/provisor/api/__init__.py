"""The management API (/api/v1) and the SCIM directory API (/scim/v2): thin adapters on services."""
