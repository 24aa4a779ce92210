"""The audit record as lines of text that other systems read: JSON Lines, OCSF and CEF."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from provisor.audit.export import cef, jsonl, ocsf
from provisor.audit.models import AuditEntry

__all__ = ["FORMATS", "Format", "lines"]

_CHUNK: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write an entry as one line. `label` is for people."""

    name: str
    label: str
    suffix: str
    media_type: str
    line: Callable[[AuditEntry], str]


FORMATS: Final = {
    each.name: each
    for each in (
        Format(
            name="jsonl",
            label="JSON Lines",
            suffix="jsonl",
            media_type="application/x-ndjson",
            line=jsonl.line,
        ),
        Format(
            name="ocsf", label="OCSF", suffix="ocsf.jsonl", media_type="application/x-ndjson", line=ocsf.line
        ),
        Format(name="cef", label="CEF", suffix="cef", media_type="text/plain", line=cef.line),
    )
}


def lines(found: QuerySet[AuditEntry], chosen: Format, *, oldest_first: bool = False) -> Iterator[str]:
    """Every entry as one line with its line break, read in parts while they are sent."""
    last: int | None = None
    order, beyond = ("id", "id__gt") if oldest_first else ("-id", "id__lt")
    while True:
        rest = found if last is None else found.filter(**{beyond: last})
        part = list(rest.select_related("payload").order_by(order)[:_CHUNK])
        yield from (chosen.line(entry) + "\n" for entry in part)
        if len(part) < _CHUNK:
            return
        last = part[-1].id
