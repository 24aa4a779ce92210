"""Times as JSON texts: RFC 3339, in UTC."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T10:00:00.123456Z`. All digits are given, so that a filter by this text finds the moment."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_milliseconds(moment: int | None) -> str | None:
    """A moment of the engine (Unix milliseconds) as text; None, and the engine's zero for "never", are None."""
    return rfc3339(datetime.fromtimestamp(moment / 1000, UTC)) if moment else None
