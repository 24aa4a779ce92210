"""CSV for spreadsheets: streamed, and no cell of a stranger becomes a formula."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

#: Lines that are read and sent together.
_TOGETHER: Final = 500

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
    answer = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return in_parts(request, answer)


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> str:
    """The text of a cell; one that a spreadsheet would calculate gets an apostrophe before it."""
    text = "" if value is None else str(value)
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(_FORMULA) and not numeric else text


def in_parts(request: HttpRequest, answer: StreamingHttpResponse) -> StreamingHttpResponse:
    """Return the answer so that the server of this request sends it part by part, and holds one part at a time."""
    lines = answer.streaming_content
    if isinstance(request, ASGIRequest) and isinstance(lines, Iterator):
        answer.streaming_content = _parts(lines)
    return answer


async def _parts(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while part := await sync_to_async(lambda: b"".join(islice(lines, _TOGETHER)))():
        yield part
