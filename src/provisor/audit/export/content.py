"""What an entry holds besides its own columns, for every format alike."""

from datetime import UTC, datetime
from typing import Any

from provisor.audit.models import AuditEntry


def content(entry: AuditEntry) -> dict[str, Any]:
    """Before and after, each only if there is one; nothing once they were erased."""
    payload = getattr(entry, "payload", None)
    return (payload.content if payload else None) or {}


def is_erased(entry: AuditEntry) -> bool:
    payload = getattr(entry, "payload", None)
    return payload is None or payload.text is None


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
