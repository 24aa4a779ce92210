"""The SCIM document of a user or a group: what is stored, and what is made for each answer (RFC 7643, 3.1)."""

from typing import Any

from provisor.api.entity_tags import entity_tag
from provisor.api.moments import rfc3339
from provisor.directory.models import Group, User


def stored(row: User | Group) -> dict[str, Any]:
    """The document as the directory keeps it, with the id: what a PATCH works on."""
    document = {"schemas": [], **row.resource, "id": str(row.id)}
    if isinstance(row, User):
        document |= {"userName": row.user_name, "active": row.active}
    return document


def meta(row: User | Group, name: str, location: str) -> dict[str, str]:
    return {
        "resourceType": name,
        "created": rfc3339(row.created_at),
        "lastModified": rfc3339(row.updated_at),
        "location": location,
        "version": entity_tag(row.version),
    }
