"""The rows that a search means, in the order that it asks for: by the database, or row by row up to a limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from provisor.api.scim.columns import Candidates
from provisor.api.scim.conditions import DOCUMENT_TEXT, attributes_of, candidates, path_key
from provisor.api.scim.kind import Kind
from provisor.api.scim.projection import Projection, reading
from provisor.api.scim.search_request import SearchRequest
from provisor.scim.errors import ScimError
from provisor.scim.filter import matches
from provisor.scim.path import MISSING, read
from provisor.scim.syntax import AttributePath, Filter

#: Rows that are tested one by one at most, for a filter or an order that the database cannot answer alone.
SCAN_LIMIT: Final = 10_000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of one kind. `order`: their ids, where the database cannot put them in order."""

    kind: Kind
    rows: "QuerySet[Any]"
    total: int
    order: Sequence[UUID] | None = None
    #: In the order of their ids, which is the order of their making: a cursor can name the last one seen.
    by_id: bool = False

    def part(self, offset: int, count: int) -> list[Any]:
        if not count or offset >= self.total:
            return []
        if self.order is None:
            return list(self.rows[offset : offset + count])
        found = self.rows.in_bulk(list(self.order[offset : offset + count]))
        return [found[each] for each in self.order[offset : offset + count] if each in found]

    def after(self, last: UUID | None, count: int) -> list[Any]:
        rows = self.rows if last is None else self.rows.filter(pk__gt=last)
        return list(rows[:count])


def select(kind: Kind, asked: SearchRequest, base: str) -> Selection:
    """Find the rows. Raises `ScimError` 400 tooMany where more than `SCAN_LIMIT` would have to be read."""
    rows = kind.rows()
    if asked.filter is not None:
        rows = _filtered(kind, rows, asked.filter, base)
    total = rows.count()
    if asked.sort_by is None:
        return Selection(kind=kind, rows=rows.order_by("pk"), total=total, by_id=True)
    order = kind.orders.get(path_key(asked.sort_by))
    if order is not None:
        return Selection(kind=kind, rows=rows.order_by(order(asked.descending), "pk"), total=total)
    return Selection(kind=kind, rows=rows, total=total, order=_sorted(kind, rows, asked, base))


def _filtered(kind: Kind, rows: "QuerySet[Any]", found: Filter, base: str) -> "QuerySet[Any]":
    possible = candidates(found, kind.columns)
    narrowed = _narrowed(rows, possible)
    if possible.exact:
        return narrowed
    tested = _documents(kind, narrowed, reading(attributes_of(found)), base)
    return rows.filter(pk__in=[row.pk for row, document in tested if matches(found, document)])


def _narrowed(rows: "QuerySet[Any]", possible: Candidates) -> "QuerySet[Any]":
    if possible.condition is None:
        return rows
    searched: QuerySet[Any] = rows.alias(**{DOCUMENT_TEXT: Cast("resource", TextField())})
    return searched.filter(possible.condition)


def _documents(
    kind: Kind, rows: "QuerySet[Any]", needed: Projection, base: str
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each row with its document. Raises `ScimError` 400 tooMany beyond `SCAN_LIMIT` rows."""
    if rows.count() > SCAN_LIMIT:
        raise ScimError(
            400,
            "tooMany",
            f"More than {SCAN_LIMIT:,} {kind.endpoint.lower()} would have to be read one by one for this. Narrow the "
            'filter by userName, displayName, externalId, active or meta.lastModified, joined with "and".',
        )
    batch: list[Any] = []
    for row in rows.order_by("pk").iterator(chunk_size=_BATCH):
        batch.append(row)
        if len(batch) == _BATCH:
            yield from zip(batch, kind.documents(batch, needed, base), strict=True)
            batch = []
    yield from zip(batch, kind.documents(batch, needed, base), strict=True)


def _sorted(kind: Kind, rows: "QuerySet[Any]", asked: SearchRequest, base: str) -> list[UUID]:
    assert asked.sort_by is not None
    needed = reading(frozenset({asked.sort_by.attribute.lower()}))
    keyed = [
        (_sort_key(document, asked.sort_by), row.pk) for row, document in _documents(kind, rows, needed, base)
    ]
    keyed.sort(key=lambda pair: pair[0], reverse=asked.descending)
    return [pk for _, pk in keyed]


def _sort_key(document: dict[str, Any], path: AttributePath) -> tuple[bool, str]:
    """Without a value comes last, or first when descending (RFC 7644, 3.4.2.3)."""
    value = read(document, path)
    if isinstance(value, list):
        value = _leading(value)
    if isinstance(value, dict):
        value = value.get("value", MISSING)
    return (True, "") if value in (MISSING, None) else (False, str(value).casefold())


def _leading(values: list[Any]) -> Any:
    """Of several values, the primary or the first counts."""
    primary = [each for each in values if isinstance(each, dict) and each.get("primary") is True]
    return (primary or values or [MISSING])[0]
