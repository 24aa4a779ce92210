"""Long answers, sent part by part by either kind of server."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

#: Lines that are read and sent together.
_TOGETHER: Final = 500


def in_parts(request: HttpRequest, answer: StreamingHttpResponse) -> StreamingHttpResponse:
    """Return the answer so that the server of this request sends it part by part, and holds one part at a time."""
    lines = answer.streaming_content
    if isinstance(request, ASGIRequest) and isinstance(lines, Iterator):
        answer.streaming_content = _parts(lines)
    return answer


async def _parts(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while part := await sync_to_async(lambda: b"".join(islice(lines, _TOGETHER)))():
        yield part
