"""The SCIM 2.0 interface of the directory at /scim/v2 (RFC 7643, 7644, 9865)."""
