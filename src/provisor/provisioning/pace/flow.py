"""How many works go on at a time: more while answers come as fast as ever, fewer when they come later (R12).

An application that is given more than it can do answers all of it later. So the time of an answer is compared with the
least that was ever seen for the same kind of request: while it stays near that, one more goes at a time, up to what the
profile allows; when it rises, fewer go. Once only one goes and it is slow all the same, it is not us who make it slow:
what "fast" means is learned anew.
"""

import asyncio
import math
from collections import deque
from typing import Any

from provisor.provisioning.pace.budgets import declared_budgets
from provisor.scim.dialect import Dialect

#: Works to begin with; the number doubles with each round until answers are late for the first time.
FIRST = 8
#: An answer is late from so many times the least on, and so many seconds: below, it is our own work that shows.
LATE_TIMES = 2.0
LATE_SECONDS = 0.05
#: What is left of the number when more than half of a round was late.
SHRINK = 0.75
#: The fewest answers that are a round.
ROUND = 4
OVERLOADED = 503
FAILED = 400


class Flow:
    """The number of works that may go on at a time. `most` is what the profile or a person allows."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = float(min(most, FIRST))
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._least: dict[str, float] = {}
        self._doubling = True
        self._begin_round()

    def _begin_round(self) -> None:
        self._answers = self._late = 0
        self._full = self._inside >= int(self.limit)

    def levels(self) -> dict[str, Any]:
        """Return what the next holder has to know."""
        return {"limit": round(self.limit, 2), "least": self._least, "doubling": self._doubling}

    def restore(self, levels: dict[str, Any]) -> None:
        """Go on where the last holder left off."""
        self.limit = min(float(self._most), max(1.0, float(levels.get("limit", self.limit))))
        self._least = dict(levels.get("least", {}))
        self._doubling = bool(levels.get("doubling", True))

    async def enter(self) -> None:
        """Return when one more work may begin."""
        while self._inside >= int(self.limit):
            self._full = True
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        self._inside += 1

    def leave(self) -> None:
        """A work is done."""
        self._inside -= 1
        self._wake(1)

    def _wake(self, most: int) -> None:
        while self._waiting and most > 0:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                most -= 1

    def answered(self, kind: str, status: int | None, seconds: float) -> None:
        """An answer came after so many seconds, or none (`status` None); `kind` is what its like is compared by."""
        if status is not None and status >= FAILED and status != OVERLOADED:
            return
        least = self._least.get(kind)
        late = status is None or status == OVERLOADED
        if not late and (least is None or seconds < least):
            self._least[kind] = least = seconds
        self._answers += 1
        self._late += late or seconds > LATE_TIMES * (least or 0.0) + LATE_SECONDS
        if self._answers >= max(ROUND, int(self.limit)):
            self._judge()

    def narrow(self) -> None:
        """One work at a time from now on; more again as answers come."""
        self.limit, self._doubling = 1.0, False
        self._begin_round()

    def _judge(self) -> None:
        if self._late * 2 > self._answers:
            if self.limit <= 1:
                self._least.clear()
            self.limit, self._doubling = max(1.0, self.limit * SHRINK), False
        elif self._full:
            grown = self.limit * 2 if self._doubling else self.limit + 1
            self.limit = min(float(self._most), grown)
            self._wake(int(self.limit) - self._inside)
        self._begin_round()


def sensible_concurrency(dialect: Dialect) -> int:
    """Return how many requests to have under way at most: not more than about two seconds of the declared rate."""
    rates = [b.per_second for b in declared_budgets(dialect) if b.match == "all"]
    if not rates:
        return max(1, dialect.concurrency)
    return max(1, min(dialect.concurrency, math.ceil(min(rates) * 2) + 1))
