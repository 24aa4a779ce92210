"""The limiter of one application: declared rates are kept, undeclared ones are learned (R12).

Each budget hands out send times in order, so that a declared rate is used to the full and never exceeded.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from provisor.scim.capabilities import Dialect

READS = frozenset({"GET"})
#: After a 429 without a declared rate: this part of what was achieved, then slowly more.
DECREASE = 0.7
INCREASE_PER_SECOND = 0.02
SLOWEST = 0.2


@dataclass(slots=True)
class Budget:
    """Requests per second, with a burst; a virtual schedule as in the generic cell rate algorithm."""

    match: str
    per_second: float
    burst: int = 1
    #: The next send time, in seconds of the limiter's clock.
    next_at: float = 0.0

    def reserve(self, now: float) -> float:
        """Take the next send time (seconds of the limiter's clock)."""
        step = 1.0 / self.per_second
        slack = (self.burst - 1) * step
        start = max(self.next_at, now - slack)
        self.next_at = start + step
        return start

    def covers(self, method: str, endpoint: str) -> bool:
        match self.match:
            case "all":
                return True
            case "read":
                return method in READS
            case "write":
                return method not in READS
            case _:
                return self.match == f"{method} {endpoint}"


class Limiter:
    """Waits until a request may leave. `clock` in seconds, `sleep` as asyncio's: a test may give any."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[Any]],
        learned: float | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._budgets = declared_budgets(dialect)
        self._declared = any(budget.match == "all" for budget in self._budgets)
        self._learned = learned
        self._learned_budget = Budget("all", learned) if learned else None
        self._paused_until = 0.0
        self._sent = 0
        self._since = clock()

    @property
    def learned(self) -> float | None:
        """Requests per second that the application has been seen to bear; None while nothing was learned."""
        return self._learned

    def levels(self, now: int) -> dict[str, Any]:
        """Return what the next holder must know; `now` in Unix milliseconds."""
        here = self._clock()
        waits = {b.match: now + int((b.next_at - here) * 1_000) for b in self._budgets if b.next_at > here}
        return {"learned": self._learned, "next": waits}

    def restore(self, levels: dict[str, Any], now: int) -> None:
        """Go on where the last holder left off, so that a declared rate holds from pass to pass."""
        here = self._clock()
        for budget in self._budgets:
            if budget.match in levels.get("next", {}):
                budget.next_at = here + max(0, levels["next"][budget.match] - now) / 1_000

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so long (`Retry-After`)."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    @property
    def paused_for(self) -> float:
        return max(0.0, self._paused_until - self._clock())

    async def wait(self, method: str, endpoint: str) -> None:
        """Return when the request may leave."""
        now = self._clock()
        at = max([self._paused_until, *(b.reserve(now) for b in self._applicable(method, endpoint))])
        while (delay := max(at, self._paused_until) - self._clock()) > 0:
            await self._sleep(delay)
        self._sent += 1

    def _applicable(self, method: str, endpoint: str) -> list[Budget]:
        budgets = [budget for budget in self._budgets if budget.covers(method, endpoint)]
        if self._learned_budget is not None:
            self._grow()
            budgets.append(self._learned_budget)
        return budgets

    def throttled(self, retry_after: float | None) -> None:
        """Learn from a 429: rest, and go on more slowly where no rate is declared."""
        now = self._clock()
        self.pause(retry_after if retry_after is not None else 1.0)
        if self._declared:
            return
        elapsed = max(now - self._since, 0.001)
        achieved = self._sent / elapsed
        current = self._learned or achieved
        self._learned = max(SLOWEST, min(current, max(achieved, SLOWEST)) * DECREASE)
        self._learned_budget = Budget("all", self._learned, next_at=self._paused_until)
        self._sent, self._since = 0, now

    def _grow(self) -> None:
        """Add a little for each second without a 429."""
        now = self._clock()
        elapsed = now - self._since
        if self._learned_budget is None or self._learned is None or elapsed < 1 or self._paused_until > now:
            return
        self._learned *= 1 + INCREASE_PER_SECOND * elapsed
        self._learned_budget.per_second = self._learned
        self._sent, self._since = 0, now


def declared_budgets(dialect: Dialect) -> list[Budget]:
    """Read the budgets that a profile or an administrator declares."""
    budgets = [
        Budget(rate.match, rate.per_second, max(1, rate.burst))
        for rate in dialect.rates
        if rate.per_second > 0
    ]
    if dialect.rate_per_second > 0:
        budgets.append(Budget("all", dialect.rate_per_second))
    return budgets


def sensible_concurrency(dialect: Dialect) -> int:
    """Return how many requests to have under way: not more than about two seconds of the declared rate.

    A leaver then never waits behind more than that, however slow the application is.
    """
    rates = [b.per_second for b in declared_budgets(dialect) if b.match == "all"]
    if not rates:
        return max(1, dialect.concurrency)
    return max(1, min(dialect.concurrency, math.ceil(min(rates) * 2) + 1))
