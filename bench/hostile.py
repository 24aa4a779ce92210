"""A hostile application: every answer is as dear to read as it can be. `python -m bench.hostile` prints its base URL.

In turn: a list of thousands of people whom nobody asked for, millions of empty arrays, nesting without end, a body that
never ends, and one that drips. It announces nothing and refuses nothing.
"""

import asyncio
import contextlib
import itertools
import sys

import orjson

from bench.people import user_body

_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_MEGABYTE = 1024 * 1024


def _bodies() -> list[bytes]:
    people = [{**user_body(number), "id": str(number)} for number in range(15_000)]
    return [
        orjson.dumps({"schemas": [_LIST], "totalResults": len(people), "Resources": people}),
        b'{"schemas":["' + _LIST.encode() + b'"],"Resources":[' + b"[]," * 3_000_000 + b"[]]}",
        b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
    ]


class _Hostile:
    def __init__(self) -> None:
        self._bodies = _bodies()
        self._turn = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(head))
                await self._answer(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        turn = next(self._turn) % 8
        if turn == 3:
            await _flood(writer)
        elif turn == 7:
            await _drip(writer)
        else:
            body = self._bodies[turn % len(self._bodies)]
            writer.write(_head(len(body)) + body)
            await writer.drain()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _head(length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n" % length


async def _flood(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(1024 * _MEGABYTE) + b'{"a":"')
    for _ in range(1024):
        writer.write(b"x" * _MEGABYTE)
        await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(_MEGABYTE))
    for _ in range(600):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _main() -> None:
    server = await asyncio.start_server(_Hostile().serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/scim/v2", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
    sys.exit(0)
