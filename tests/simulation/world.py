"""Virtual time: an event loop whose clock jumps to the next thing that happens, and what happens in the world."""

import asyncio
import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

Act = Callable[[], None]

#: Unix seconds at which every simulation begins: Thursday, 1 January 2026.
EPOCH = 1_767_225_600
#: Without an event and without a timer nothing will ever happen any more.
LONGEST = 3_600.0
#: Seconds; for what happens so soon nobody asks whether the engine rests: only a resting one has nothing sooner to do.
SOON = 0.05


class Crash(KeyboardInterrupt):
    """The process ends here. asyncio lets it through at once, and so does every `except Exception`."""


class World:
    """Time, chance, and what happens outside of Provisor: requests on their way, changes, faults, crashes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        #: Seconds since the beginning; never goes back.
        self.time = 0.0
        #: Seconds by which the machine's clock is wrong.
        self.skew = 0.0
        self._events: list[tuple[float, int, Act]] = []
        self._order = count()
        #: Says when the resting engine next has something to do (seconds); None while it is busy.
        self.resting: Callable[[], float | None] = lambda: None
        self.story: list[str] = []
        #: The first rule that was seen broken; where the engine itself was calling it may have swallowed the exception.
        self.broken = ""
        #: Counts crashes, full disks and wrong clocks: what was to be remembered across passes may be lost by them.
        self.upheavals = 0
        #: Whether requests are told, too.
        self.telling = False

    def now(self) -> int:
        """Unix milliseconds by the machine's clock, which may be wrong."""
        return int((EPOCH + self.time + self.skew) * 1_000)

    def at(self, time: float, act: Act) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._events, (max(time, self.time), next(self._order), act))

    def after(self, seconds: float, act: Act) -> None:
        self.at(self.time + seconds, act)

    def tell(self, what: str) -> None:
        """Add a line to the story that a failing seed shows."""
        self.story.append(f"{self.time:12.3f}  {what}")

    def next_event(self) -> float | None:
        return self._events[0][0] if self._events else None

    def pass_time(self, timer: float | None) -> None:
        """Let time pass until the next event or timer (seconds from now), and let the event happen."""
        until = self.time + (LONGEST if timer is None else timer)
        if timer is None or timer > SOON:
            until = max(until, self.resting() or until)
        event = self.next_event()
        if event is not None and event <= until:
            self.time = max(self.time, event)
            heapq.heappop(self._events)[2]()
        else:
            self.time = max(self.time, until)


class _Selector:
    """In the place where a loop waits for sockets, time passes."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None or timeout > 0:
            self._loop.pass_time(timeout)
        return []

    def close(self) -> None:
        return


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop without sockets and threads; its time is the world's."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: After a crash the world goes on without this loop; what is left of it ends in a time of its own.
        self._own_time: float | None = None
        super().__init__(_Selector(self))  # type: ignore[arg-type]  # it selects nothing
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._world.time if self._own_time is None else self._own_time

    def pass_time(self, timer: float | None) -> None:
        if self._own_time is None:
            self._world.pass_time(timer)
        else:
            self._own_time += timer or 1.0

    def bury(self) -> None:
        """End what a crash has left behind, so that nothing of it lives on."""
        self._own_time = self._world.time
        asyncio.set_event_loop(self)
        for _ in range(50):
            left = asyncio.all_tasks(self)
            if not left:
                break
            for task in left:
                task.cancel()
            # who waited for what died dies of it, too
            with suppress(Crash):
                self.run_until_complete(asyncio.wait(left, timeout=1.0))
        asyncio.set_event_loop(None)
        self.close()

    def _make_self_pipe(self) -> None:
        return

    def _close_self_pipe(self) -> None:
        return

    def _write_to_self(self) -> None:
        return


@contextmanager
def looping(world: World) -> Iterator[VirtualLoop]:
    """A loop for one life of the process."""
    loop = VirtualLoop(world)
    loop.set_exception_handler(lambda *_: None)
    try:
        yield loop
    finally:
        loop.bury()
