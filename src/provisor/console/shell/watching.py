"""One watcher for all open pages of this process: it looks at the database, and wakes who listens."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Final

from asgiref.sync import sync_to_async

from provisor.console.shell.marks import TOPICS, marks
from provisor.ending import ending

_log = logging.getLogger(__name__)

#: Seconds between two looks at the database, for all streams of this process together.
_PERIOD: Final = 0.5
#: Nobody listens while a browser goes from page to page; the watcher goes on so long (seconds), and knows what passed.
_STAYS: Final = 60.0
#: A page was read a little before it says so, and clocks differ a little (seconds). Too much costs one more request.
_MARGIN: Final = 2.0


class Watcher:
    """Looks at the database while somebody listens, and knows when each topic last changed."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None
        #: Unix times, by the clock that pages carry.
        self._began = float("inf")
        self._changed: dict[str, float] = {}
        self._left = 0.0

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Queue[str]]:
        """A queue into which the topics come that change from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=64)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._began = float("inf")
            self._task = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
            self._left = time.time()

    def missed(self, seen: float) -> list[str]:
        """Return the topics that may have changed since a page was read at `seen` (Unix time)."""
        since = seen - _MARGIN
        if since < self._began:
            return list(TOPICS)
        return [topic for topic in TOPICS if self._changed.get(topic, 0.0) >= since]

    async def _watch(self) -> None:
        before: dict[str, tuple[object, ...]] = {}
        while not ending.is_set() and (self._listeners or time.time() - self._left < _STAYS):
            before = await self._look(before)
            await asyncio.sleep(_PERIOD)

    async def _look(self, before: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
        try:
            now = await sync_to_async(marks, thread_sensitive=False)()
        except Exception:  # noqa: BLE001 - a database that is busy or gone must not end the stream of every page
            _log.warning("The marks of live pages could not be read.", exc_info=True)
            return before
        for topic in TOPICS if before else ():
            if before[topic] != now[topic]:
                self._tell(topic)
        self._began = min(self._began, time.time())
        return now

    def _tell(self, topic: str) -> None:
        self._changed[topic] = time.time()
        for queue in self._listeners:
            # A page that does not read has enough to catch up with already.
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(topic)


_watchers: dict[int, Watcher] = {}


def watcher() -> Watcher:
    """One for each event loop: a server has one loop, a test may have several after each other."""
    return _watchers.setdefault(id(asyncio.get_running_loop()), Watcher())
