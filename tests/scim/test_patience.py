"""The limits of time of all exchanges of one transport, kept with one timer."""

import asyncio

import pytest
from aiohttp.abc import AbstractStreamWriter

from provisor.scim.errors import OutcomeUnknown
from provisor.scim.patience import Patience
from provisor.scim.transport import Request, Transport, TransportLimits
from provisor.scim.transport_body import keep_back
from tests.scim.raw_server import LOOPBACK, Received, Wire, http, raw_server

GET = Request(method="GET", url_path="/Users/1")
LONG = TransportLimits(read=3600, total=3600)
SHORT = TransportLimits(read=0.05, total=3600)


def timers() -> int:
    """How many timers of the patience wait in the loop."""
    waiting = [each for each in asyncio.get_running_loop()._scheduled if not each.cancelled()]
    return sum("Patience" in repr(each) for each in waiting)


async def rested() -> None:
    """Return once no timer waits."""
    while timers():  # noqa: ASYNC110 - the timer itself is what is waited for
        await asyncio.sleep(0.005)


async def test_many_exchanges_have_one_timer_and_none_has_none() -> None:
    """However many are under way, one timer looks at them; the look after the last one ends it."""
    patience = Patience(SHORT)
    exchanges = [patience.begin() for _ in range(50)]
    assert timers() == 1
    for exchange in exchanges:
        patience.end(exchange)
    await rested()


async def test_the_timer_begins_anew_with_the_next_exchange() -> None:
    """A transport that rested watches again."""
    patience = Patience(SHORT)
    patience.end(patience.begin())
    await rested()
    exchange = patience.begin()
    exchange.hear()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await asyncio.sleep(3600)
    with pytest.raises(TimeoutError):
        exchange.check(cancelled.value)
    assert exchange.was_silent
    patience.end(exchange)


async def test_whoever_cancels_the_task_is_not_taken_for_a_limit() -> None:
    """A pass that is given up ends as cancelled, and its requests are in doubt, not timed out."""

    async def hang(_: Received, wire: Wire) -> None:
        arrived.set()
        await asyncio.Event().wait()

    arrived = asyncio.Event()
    async with raw_server(hang) as server:
        transport = Transport(server.url, private_targets=LOOPBACK, limits=LONG)
        sending = asyncio.create_task(transport.send(GET))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await transport.close()


async def test_r16_a_body_that_stops_in_the_middle_ends_at_the_limit_of_silence() -> None:
    """The head and the first bytes came; then nothing does."""

    async def stop(_: Received, wire: Wire) -> None:
        wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await asyncio.Event().wait()

    async with raw_server(stop) as server:
        transport = Transport(server.url, private_targets=LOOPBACK, limits=SHORT)
        with pytest.raises(OutcomeUnknown, match="silent"):
            await transport.send(GET)
        await transport.close()


async def test_one_that_hangs_ends_and_the_others_go_on() -> None:
    """Each exchange has limits of its own, although one timer watches all of them."""

    async def answer(got: Received, wire: Wire) -> None:
        if got.path.endswith("/hangs"):
            await asyncio.Event().wait()
        wire.write(http(200, {"id": "1"}))

    async with raw_server(answer) as server:
        transport = Transport(server.url, private_targets=LOOPBACK, limits=SHORT)
        hanging = asyncio.create_task(transport.send(Request(method="GET", url_path="/hangs")))
        while not hanging.done():
            assert (await transport.send(GET)).status == 200
        assert isinstance(hanging.exception(), OutcomeUnknown)
        await transport.close()


async def test_silence_begins_once_the_body_is_written() -> None:
    """While a large request is being taken slowly, the application owes no answer yet."""
    patience = Patience(LONG)
    exchange = patience.begin()
    exchange.hear()
    meanwhile: list[float | None] = []

    class Slow(AbstractStreamWriter):
        async def write(self, _chunk) -> None:
            meanwhile.append(exchange.heard)

        async def write_eof(self, chunk=b"") -> None: ...
        async def drain(self) -> None: ...
        async def write_headers(self, status_line, headers) -> None: ...
        def enable_compression(self, encoding="deflate", strategy=None) -> None: ...
        def enable_chunking(self) -> None: ...

    await keep_back(b"x" * 100, lambda: False).write_with_length(Slow(), None)
    assert meanwhile == [None]
    assert exchange.heard is not None
    patience.end(exchange)
