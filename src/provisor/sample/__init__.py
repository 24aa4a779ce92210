"""A sample company, a real SCIM server to bring it to, and the founding of both through the services."""
