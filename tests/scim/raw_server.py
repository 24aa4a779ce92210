"""A server on loopback that answers with whatever bytes a test wants, however wrong they are."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from urllib.parse import parse_qsl

import orjson

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


Wire = asyncio.StreamWriter
Handler = Callable[[Received, Wire], Awaitable[None]]


@dataclass
class RawServer:
    """Where it listens, and what it got."""

    url: str = ""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0


def http(status: int, body: bytes | dict | list = b"", headers: dict[str, str] | None = None) -> bytes:
    """A well-formed answer."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = {"Content-Type": "application/scim+json", "Content-Length": str(len(content)), **(headers or {})}
    head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + content


def listing(resources: list, total: int | None = None, **more: object) -> dict:
    """The body of a ListResponse."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": resources}
    return body | ({} if total is None else {"totalResults": total}) | more


def always(answer: bytes) -> Handler:
    """A handler that answers everything with the same bytes."""

    async def handle(_: Received, wire: Wire) -> None:
        wire.write(answer)

    return handle


def by(choose: Callable[[Received], bytes]) -> Handler:
    """A handler that makes the answer from the request."""

    async def handle(request: Received, wire: Wire) -> None:
        wire.write(choose(request))

    return handle


@asynccontextmanager
async def raw_server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Listen on a free port of 127.0.0.1 until the block ends."""
    server = RawServer()
    wires: set[Wire] = set()

    async def converse(reader: asyncio.StreamReader, wire: Wire) -> None:
        server.connections += 1
        wires.add(wire)
        try:
            while (request := await _read(reader)) is not None and not wire.is_closing():
                server.received.append(request)
                await handler(request, wire)
                await wire.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            wires.discard(wire)
            wire.close()

    listener = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}/scim/v2"
    try:
        yield server
    finally:
        listener.close()
        for wire in wires.copy():
            wire.transport.abort()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)
