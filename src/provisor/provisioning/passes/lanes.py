"""Works on their way to the workers: in the order of phases, with one lane that only leavers use."""

import asyncio
import heapq
from collections import deque
from itertools import count

from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.work import Work

LEAVERS = Phase.MEMBER_REMOVALS


class Lanes:
    """A queue whose workers take the lowest phase first, and of which one worker takes leavers only."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Work]] = []
        self._order = count()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_for_leavers: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, works: list[Work]) -> None:
        for work in works:
            heapq.heappush(self._heap, (int(work.link.phase), next(self._order), work))
        _wake(self._waiting, len(works))
        _wake(self._waiting_for_leavers, len(works))

    async def get(self, *, leavers_only: bool = False) -> Work | None:
        """Return the next work; None when the lanes are closed."""
        waiting = self._waiting_for_leavers if leavers_only else self._waiting
        while not self._closed:
            if self._heap and (not leavers_only or self._heap[0][0] <= LEAVERS):
                return heapq.heappop(self._heap)[2]
            future = asyncio.get_running_loop().create_future()
            waiting.append(future)
            await future
        return None

    def close(self) -> list[Work]:
        """Close the lanes and return what nobody has taken."""
        self._closed = True
        left = [work for _, _, work in self._heap]
        self._heap.clear()
        _wake(self._waiting, len(self._waiting))
        _wake(self._waiting_for_leavers, len(self._waiting_for_leavers))
        return left


def _wake(waiting: "deque[asyncio.Future[None]]", most: int) -> None:
    while waiting and most > 0:
        future = waiting.popleft()
        if not future.done():
            future.set_result(None)
            most -= 1
