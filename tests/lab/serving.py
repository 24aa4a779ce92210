"""Running the lab target: in the present event loop, or as a process of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.lab.options import LabOptions
from tests.lab.target import Target
from tests.lab.wire import Connection


@asynccontextmanager
async def running(
    options: LabOptions | None = None,
    *,
    port: int = 0,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
) -> AsyncIterator[Target]:
    """Serve a lab target on loopback in the present event loop; yields it with its `base_url`.

    `port` 0 takes a free one. The target is its own control: read `state()` and `log`, call `set_options`.
    """
    connections: set[Connection] = set()
    target: Target

    def connection() -> Connection:
        return Connection(target.handle, connections)

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", port)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    target = Target(options or LabOptions(), origin, clock=clock, wall=wall)
    try:
        yield target
    finally:
        server.close()
        for open_connection in list(connections):
            open_connection.transport.abort()
        await server.wait_closed()
