"""The management interface at /api/v1: applications, policies, links, runs and what is recorded of them."""
