"""The last calls of an application, remembered from pass to pass: what its health is judged by (R13). Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

#: Calls that are remembered, and for how many milliseconds.
COUNT = 50
SPAN = 3_600_000

#: Done, failed, or answered with 404 for a resource that was there.
Mark = Literal["done", "failed", "gone"]


class Recent:
    """The last calls, over as many passes as they took. Times in Unix milliseconds."""

    def __init__(self, stored: Iterable[Any] = (), *, now: int = 0) -> None:
        """`stored` is what an earlier pass kept; what is older than the span by `now` is forgotten."""
        self._calls: deque[tuple[int, Mark]] = deque(maxlen=COUNT)
        self._calls.extend((at, mark) for at, mark in stored if abs(now - at) < SPAN)
        #: What earlier passes have left.
        self.gone_before = self._count("gone")
        self.done_before = self._count("done")

    def note(self, mark: Mark, now: int) -> None:
        """Remember one call; the oldest one is forgotten."""
        self._calls.append((now, mark))

    def forget(self) -> None:
        """It was tried anew and found well: what was before counts no more."""
        self._calls.clear()
        self.gone_before = self.done_before = 0

    @property
    def count(self) -> int:
        """How many calls are remembered, those aside that found something gone."""
        return len(self._calls) - self._count("gone")

    @property
    def failed(self) -> int:
        return self._count("failed")

    def _count(self, mark: Mark) -> int:
        return sum(each == mark for _, each in self._calls)

    def stored(self) -> list[Any]:
        """Return what the next pass has to know."""
        return [list(call) for call in self._calls]
