"""How fast the lab target itself is, so that nobody measures the target instead of Provisor.

The load comes from 32 connections of a bare `asyncio.Protocol` with requests prepared before the clock starts.
"""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.people import user_body


class _Load(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._input = b""
        self.refused = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._input += data
        head = self._input.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._input.index(b"Content-Length: ") + 16
        size = head + 4 + int(self._input[length : self._input.index(b"\r\n", length)])
        if len(self._input) < size:
            return
        self.refused += not self._input.startswith(b"HTTP/1.1 2")
        self._input = self._input[size:]
        self.send()

    def send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self.transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("The lab closed the connection."))


def requests_per_second(base_url: str, token: str, objects: int, connections: int) -> float:
    """Create `objects` users on the lab at `base_url` and say how many POSTs it answered in a second."""
    return uvloop.run(_measure(base_url, token, objects, connections))


async def _measure(base_url: str, token: str, objects: int, connections: int) -> float:
    place = urlsplit(base_url)
    prepared = iter([_post(place.path, place.netloc, token, number) for number in range(objects)])
    loop = asyncio.get_running_loop()
    loads: list[_Load] = []
    for _ in range(connections):
        load = _Load(prepared, loop.create_future())
        await loop.create_connection(partial(_same, load), place.hostname or "", place.port or 80)
        loads.append(load)
    started = time.perf_counter()
    for load in loads:
        load.send()
    await asyncio.gather(*(load._done for load in loads))  # noqa: SLF001 - the same module
    seconds = time.perf_counter() - started
    if any(load.refused for load in loads):
        raise RuntimeError(f"The lab refused {sum(load.refused for load in loads)} of {objects} requests.")
    return objects / seconds


def _same(load: _Load) -> _Load:
    return load


def _post(path: str, host: str, token: str, number: int) -> bytes:
    body = orjson.dumps(user_body(number))
    head = (
        f"POST {path}/Users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Accept: application/scim+json\r\nContent-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
