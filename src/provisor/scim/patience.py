"""How long an exchange may last and how long the application may be silent in it, for all exchanges with one timer.

aiohttp sets three timers for each request and cancels them again; that was a tenth of what a request costs. Here one timer
looks at all that is under way, a few times in the shortest limit, and stops when nothing is.
"""

import asyncio
from contextvars import ContextVar

from provisor.scim.limits import TransportLimits

#: Looks in the shortest of the limits: by that part of it an exchange may last longer.
_LOOKS = 50
#: Seconds between two looks at least.
_SHORTEST = 0.005


class Exchange:
    """One request under way, by the task that sends it. Times are the loop's."""

    __slots__ = ("_cancelling", "_task", "begun", "heard", "is_over", "was_silent")

    def __init__(self, begun: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self.begun = begun
        #: When the application was last heard of; None while nothing was sent to it.
        self.heard: float | None = None
        #: It has lasted, or was silent, for too long.
        self.is_over = self.was_silent = False

    def hear(self) -> None:
        """Count the silence from now on: something is being sent, or came."""
        self.heard = self._task.get_loop().time()

    def cancel(self, *, silent: bool) -> None:
        """End it: its task is cancelled, and knows by `is_over` that it was this."""
        if not self.is_over:
            self.is_over, self.was_silent = True, silent
            self._task.cancel()

    def check(self, problem: asyncio.CancelledError) -> None:
        """Raise TimeoutError where this is why its task is cancelled, and nobody else wants that (`asyncio.timeout`)."""
        if self.is_over and self._task.uncancel() <= self._cancelling:
            raise TimeoutError from problem


#: The exchange of the task that asks.
current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class Patience:
    """Watches the exchanges of one transport, in the event loop that runs now."""

    def __init__(self, limits: TransportLimits) -> None:
        self._limits = limits
        self._pause = max(_SHORTEST, min(limits.read, limits.total) / _LOOKS)
        self._under_way: set[Exchange] = set()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Exchange:
        """Watch what this task sends from now on, until `end`."""
        exchange = Exchange(self._loop.time())
        self._under_way.add(exchange)
        current.set(exchange)
        if self._timer is None:
            self._timer = self._loop.call_later(self._pause, self._look)
        return exchange

    def end(self, exchange: Exchange) -> None:
        self._under_way.discard(exchange)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        for exchange in self._under_way:
            silent = exchange.heard is not None and now - exchange.heard > self._limits.read
            if silent or now - exchange.begun > self._limits.total:
                exchange.cancel(silent=silent)
        self._timer = self._loop.call_later(self._pause, self._look) if self._under_way else None
