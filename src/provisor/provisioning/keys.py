"""Identifiers as the raw SQL of the engine passes them: hex text on SQLite, UUIDs on PostgreSQL."""

from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection

#: Opaque: what a driver returns for an identifier and takes as a parameter.
Key: TypeAlias = Any


def to_key(identifier: UUID) -> Key:
    return identifier if connection.features.has_native_uuid_field else identifier.hex


def to_uuid(key: Key) -> UUID:
    return key if isinstance(key, UUID) else UUID(hex=key)


def to_text(key: Key) -> str:
    """Return the identifier in its usual form, with dashes, as resources and interfaces show it."""
    if isinstance(key, UUID):
        return str(key)
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
