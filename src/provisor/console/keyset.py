"""Pages of long lists by keyset: as fast at the hundred-thousandth row as at the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

ROWS = 50

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """Rows of one page. `before` and `after` are the values of the query parameters of the pages beside it, or ""."""

    rows: list[_Row]
    before: str
    after: str


def page_of(found: "QuerySet[_Row]", request: HttpRequest, *by: str, rows: int = ROWS) -> Page[_Row]:
    """The page that `?after=` or `?before=` of the request asks for, else the first.

    `by` are the names of fields to sort by, `-` before one that falls; the last must be unique. A parameter that
    cannot be read shows the first page: it is an old link, not an attack to answer.
    """
    for name, forward in (("after", True), ("before", False)):
        place = _read(request.GET.get(name, ""), len(by))
        if place is not None:
            try:
                return _beside(found, by, place, forward=forward, rows=rows)
            except (ValueError, TypeError, OverflowError, ValidationError, FieldError):
                break
    taken = list(found.order_by(*by)[: rows + 1])
    return Page(taken[:rows], "", _mark(taken[rows - 1], by) if len(taken) > rows else "")


def _beside(
    found: "QuerySet[_Row]", by: Sequence[str], place: list[Any], *, forward: bool, rows: int
) -> Page[_Row]:
    order = by if forward else [_turned(name) for name in by]
    taken = list(found.filter(_past(order, place)).order_by(*order)[: rows + 1])
    more, kept = len(taken) > rows, taken[:rows]
    if not kept:
        return page_of(found, HttpRequest(), *by, rows=rows)
    if forward:
        return Page(kept, _mark(kept[0], by), _mark(kept[-1], by) if more else "")
    kept.reverse()
    return Page(kept, _mark(kept[0], by) if more else "", _mark(kept[-1], by))


def _past(order: Sequence[str], place: list[Any]) -> Q:
    """(a, b) > (x, y), written so that every database uses the index: a > x or (a = x and b > y)."""
    past = Q()
    equal = Q()
    for name, value in zip(order, place, strict=True):
        field = name.lstrip("-")
        past |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return past


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _mark(row: Model, by: Sequence[str]) -> str:
    values = [_value(row, name.lstrip("-")) for name in by]
    return urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part)
    return value


def _read(mark: str, length: int) -> list[Any] | None:
    try:
        place = json.loads(urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
    except ValueError:
        return None
    return place if isinstance(place, list) and len(place) == length else None
