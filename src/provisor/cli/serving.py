"""Web and engine in one process: listen, serve, and end gracefully, the engine first."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import uvicorn

from provisor.cli.opening import keep_quiet
from provisor.cli.refusals import CommandRefusal
from provisor.ending import ending

if TYPE_CHECKING:
    from provisor.provisioning.homes.home import RunningEngine

#: Seconds that requests under way are given to finish.
_GRACE: Final = 10
_BACKLOG: Final = 2048
#: Addresses that mean this machine: shown as "localhost", since passkeys do not work on a bare IP address.
_HERE: Final = frozenset({"", "127.0.0.1", "::1", "0.0.0.0", "::", "localhost"})  # noqa: S104 - compared, not bound


def listen(host: str, port: int) -> socket.socket:
    """Bind at once, so that a port in use is told before anything starts. Port 0 takes any free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CommandRefusal(
            f'"{host}" is no address of this machine ({error.strerror}). Give another --host.'
        ) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandRefusal(
            f"Port {port} on {host} cannot be used ({error.strerror}): another program may listen there. "
            "Stop that one, or choose another with --port."
        ) from None
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """The address for a browser on this machine."""
    port = listener.getsockname()[1]
    name = "localhost" if host in _HERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def serve_until_ended(
    engine: "RunningEngine | None",
    listener: socket.socket,
    announce: Callable[[], None],
    *,
    quiet: bool = False,
) -> None:
    """Serve the web beside a started engine until SIGTERM or SIGINT; the engine is stopped when this returns.

    Without one the web is all that is served.

    `announce` is called when requests are answered. `quiet` keeps everything below a warning out of the log.
    """
    config = uvicorn.Config(
        "provisor.site.asgi:application",
        log_config=None,
        access_log=False,
        server_header=False,
        # Django speaks no lifespan protocol.
        lifespan="off",
        timeout_graceful_shutdown=_GRACE,
    )
    # Loading sets Django up once more, and with it the log.
    config.load()
    if quiet:
        keep_quiet()
    service = _Service(config, engine, announce)
    before = {number: signal.signal(number, _ended) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        service.run(sockets=[listener])
    finally:
        service.stop_engine()
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for_the_end(announce: Callable[[], None]) -> None:
    """Call `announce`, and return at SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    announce()
    ended.wait()


def _ended(_number: int, _frame: object) -> None:
    """The signal is raised once more after the end; by then there is nothing left to do."""


class _Service(uvicorn.Server):
    """uvicorn with the engine beside it."""

    def __init__(
        self, config: uvicorn.Config, engine: "RunningEngine | None", announce: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._engine, self._announce = engine, announce
        self._engine_stopped = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """First nothing more is sent to applications; then nothing more is answered."""
        ending.set()
        await asyncio.to_thread(self.stop_engine)
        await super().shutdown(sockets)

    def stop_engine(self) -> None:
        if not self._engine_stopped:
            self._engine_stopped = True
            if self._engine is not None:
                self._engine.stop()
