"""The body of a request can be kept back until the very moment in which it is written.

aiohttp writes a body, and the headers with it, a turn of the loop after it has got its connection. A process that is
stopped just there and goes on a minute later would write it then, although nothing may leave any more.
"""

import io
from collections.abc import Callable
from typing import Any, Final

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesIOPayload, BytesPayload, Payload

from provisor.scim.patience import current
from provisor.scim.transport_failures import BarredError

#: aiohttp warns when it is given more than this as bytes; a stream goes out in pieces.
_LARGE: Final = 1 << 20


class _KeptBack(Payload):
    """Asks once more before it is written; raises BarredError."""

    is_barred: Callable[[], bool]

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if self.is_barred():
            raise BarredError
        exchange = current.get()
        if exchange is not None:
            # a large body takes its time: silence begins once it is written
            exchange.heard = None
        await super().write_with_length(writer, content_length)
        if exchange is not None:
            exchange.hear()


class _Body(_KeptBack, BytesPayload):
    pass


class _LargeBody(_KeptBack, BytesIOPayload):
    pass


def keep_back(body: bytes, is_barred: Callable[[], bool]) -> Any:
    """Return a body that aiohttp writes only if it is not barred by then."""
    kept = _Body(body) if len(body) < _LARGE else _LargeBody(io.BytesIO(body))
    kept.is_barred = is_barred
    return kept
