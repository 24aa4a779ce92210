"""Works on their way to the workers: in the order of phases, with one lane that only leavers use."""

import asyncio
import heapq
from itertools import count

from provisor.provisioning.phases import Phase
from provisor.provisioning.work import Work

LEAVERS = Phase.MEMBER_REMOVALS


class Lanes:
    """A queue whose workers take the lowest phase first, and of which one worker takes leavers only."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Work]] = []
        self._order = count()
        self._changed = asyncio.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._heap)

    async def put(self, works: list[Work]) -> None:
        async with self._changed:
            for work in works:
                heapq.heappush(self._heap, (int(work.link.phase), next(self._order), work))
            self._changed.notify_all()

    async def get(self, *, leavers_only: bool = False) -> Work | None:
        """Return the next work; None when the lanes are closed."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._has(leavers_only=leavers_only))
            if self._closed:
                return None
            return heapq.heappop(self._heap)[2]

    def _has(self, *, leavers_only: bool) -> bool:
        return bool(self._heap) and (not leavers_only or self._heap[0][0] <= LEAVERS)

    async def close(self) -> list[Work]:
        """Close the lanes and return what nobody has taken."""
        async with self._changed:
            self._closed = True
            left = [work for _, _, work in self._heap]
            self._heap.clear()
            self._changed.notify_all()
        return left
