"""The audit record and the journal as files, read in parts while they are sent."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from provisor.audit.export import Format, lines
from provisor.audit.export.content import content, is_erased, moment
from provisor.audit.models import AuditEntry
from provisor.console.home.reading import changes
from provisor.directory.models import JournalEntry

_CHUNK: Final = 1000

HEADER: Final = (
    "id", "at", "actor_kind", "actor_id", "actor", "act", "subject_id", "subject", "before", "after", "erased", "digest",
)  # fmt: skip
JOURNAL_HEADER: Final = ("id", "at", "event", "actor", "subject_id", "subject", "detail")


def csv_lines(found: QuerySet[AuditEntry]) -> Iterator[list[Any]]:
    """One row for each act, newest first; before and after as JSON."""
    for entry in _acts(found):
        sides = content(entry)
        yield [
            entry.id, moment(entry.at), entry.actor_kind, entry.actor_id, entry.actor_label, entry.act, entry.subject_id,
            entry.subject_label, _json(sides.get("before")), _json(sides.get("after")), is_erased(entry), entry.digest,
        ]  # fmt: skip


def lines_answer(name: str, found: QuerySet[AuditEntry], chosen: Format) -> StreamingHttpResponse:
    """Answer with a file of one line for each act, newest first."""
    answer = StreamingHttpResponse(lines(found, chosen), content_type=f"{chosen.media_type}; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{chosen.suffix}"'
    return answer


def journal_lines(found: QuerySet[JournalEntry]) -> Iterator[list[Any]]:
    """One row for each change, newest first, with the name of its subject."""
    last: int | None = None
    while True:
        part = list((found if last is None else found.filter(id__lt=last)).order_by("-id")[:_CHUNK])
        for change in changes(part):
            one = change.entry
            yield [
                one.id,
                moment(one.at),
                one.event,
                one.actor,
                one.subject_id,
                change.name,
                _json(one.detail),
            ]
        if len(part) < _CHUNK:
            return
        last = part[-1].id


def _acts(found: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    last: int | None = None
    while True:
        rest = found if last is None else found.filter(id__lt=last)
        part = list(rest.select_related("payload").order_by("-id")[:_CHUNK])
        yield from part
        if len(part) < _CHUNK:
            return
        last = part[-1].id


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
