"""HTTP/1.1 with keep-alive on an asyncio protocol, as little of it as a SCIM client needs."""

import asyncio
import socket
import struct
from collections.abc import Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple, cast

from tests.lab.answers import Reply

#: Seconds between two bytes: an answer of a few hundred takes longer than any exchange may.
_DRIP_EVERY = 0.3
_LINGER_ZERO = struct.pack("ii", 1, 0)
_START_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: ".encode()
    for status in HTTPStatus
}


class Request:
    """One request as it came; headers are looked up in the raw head when somebody asks."""

    __slots__ = ("_head", "_low", "body", "method", "path", "query", "size")

    def __init__(self, head: bytes, low: bytes, body: bytes, size: int) -> None:
        method, target, _ = head[: head.index(b"\r\n")].decode("latin-1").split(" ", 2)
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.body = body
        self.size = size
        self._head = head
        self._low = low

    def has_line(self, line: bytes) -> bool:
        """Whether the head holds exactly this line, given with the line ends around it; quicker than `header`."""
        return line in self._head

    def header(self, name: bytes) -> str:
        """The value of the header `name` (lower case), or the empty string."""
        return _header(self._head, self._low, name).decode("latin-1")


class End(Enum):
    """What happens to the connection after an exchange."""

    KEEP = auto()  # it waits for the next request
    CLOSE = auto()  # closed after the answer
    RESET = auto()  # reset instead of an answer
    STALL = auto()  # kept open, and nothing is ever sent
    DRIP = auto()  # sent byte by byte, so slowly that nobody waits for the end


class Exchange(NamedTuple):
    """What the connection does for one request."""

    data: bytes
    delay: float = 0.0
    end: End = End.KEEP


def _header(head: bytes, low: bytes, name: bytes) -> bytes:
    at = low.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 3
    return head[start : head.index(b"\r\n", start)].strip()


def take(data: bytes) -> Request | None:
    """The first complete request in `data`, or None while part of it is missing.

    Raises ValueError for what is no HTTP/1.1 request with a plain body.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[: end + 2]
    low = head.lower()
    length = int(_header(head, low, b"content-length") or b"0")
    size = end + 4 + length
    if len(data) < size:
        return None
    return Request(head, low, data[end + 4 : size], size)


def pack(reply: Reply) -> bytes:
    """The bytes of an answer."""
    more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    head = f"{reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n{more}\r\n"
    return _START_LINES[reply.status] + head.encode("latin-1") + reply.body


class Connection(asyncio.Protocol):
    """One connection of a client; its requests are answered one after the other."""

    def __init__(self, handle: Callable[[Request], Exchange], connections: set["Connection"]) -> None:
        self._handle = handle
        self._connections = connections
        self._input = b""
        self._waiting = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self._connections.discard(self)
        self._waiting = True

    def data_received(self, data: bytes) -> None:
        self._input = self._input + data if self._input else data
        self._serve()

    def _serve(self) -> None:
        while self._input and not self._waiting:
            try:
                request = take(self._input)
            except ValueError:
                self.transport.close()
                return
            if request is None:
                return
            self._input = self._input[request.size :]
            self._answer(self._handle(request))

    def _answer(self, exchange: Exchange) -> None:
        if not exchange.delay:
            self._finish(exchange)
            return
        self._waiting = True
        asyncio.get_running_loop().call_later(exchange.delay, self._resume, exchange)

    def _resume(self, exchange: Exchange) -> None:
        if self.transport.is_closing():
            return
        self._waiting = False
        self._finish(exchange)
        self._serve()

    def _finish(self, exchange: Exchange) -> None:
        if exchange.end is End.RESET:
            self._reset()
        elif exchange.end is End.STALL:
            self._waiting = True
        elif exchange.end is End.DRIP:
            self._waiting = True
            self._drip(exchange.data)
        else:
            self.transport.write(exchange.data)
            if exchange.end is End.CLOSE:
                self.transport.close()

    def _drip(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data[:1])
            asyncio.get_running_loop().call_later(_DRIP_EVERY, self._drip, data[1:])

    def _reset(self) -> None:
        # Without lingering the kernel sends RST, which a client sees as "connection reset by peer".
        self._waiting = True
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self.transport.abort()
