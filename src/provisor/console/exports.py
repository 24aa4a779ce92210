"""CSV for spreadsheets: streamed, and no cell of a stranger becomes a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse

from provisor.access.narrowing import bounded, narrowed_to
from provisor.streaming import in_parts

_Part = TypeVar("_Part")

#: A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What `csv.writer` writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def csv_answer(
    request: HttpRequest, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """Answer with a file; `rows` is read while it is sent, so that a long one needs no memory."""
    answer = StreamingHttpResponse(
        within_bounds(_lines(header, rows)), content_type="text/csv; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return in_parts(request, answer)


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def within_bounds(lines: Iterator[_Part]) -> Iterator[_Part]:
    """Read on for whoever asked: what is read after the request has ended is narrowed as in it."""
    return _narrowed(lines, bounded())


def _narrowed(lines: Iterator[_Part], bounds: frozenset[UUID] | None) -> Iterator[_Part]:
    over = object()
    while True:
        with narrowed_to(bounds):
            line = next(lines, over)
        if line is over:
            return
        yield cast("_Part", line)


def cell(value: Any) -> str:
    """The text of a cell; one that a spreadsheet would calculate gets an apostrophe before it."""
    text = "" if value is None else str(value)
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(_FORMULA) and not numeric else text
