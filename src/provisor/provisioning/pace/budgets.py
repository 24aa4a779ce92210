"""Budgets of requests: so many per second with a burst, kept as the next moment at which one may leave (R12). Pure."""

import math
from dataclasses import dataclass
from typing import Any

from provisor.scim.dialect import Dialect

READS = frozenset({"GET"})


@dataclass(slots=True)
class Budget:
    """Requests per second, with a burst: the generic cell rate algorithm. Times in seconds of the limiter's clock."""

    match: str
    per_second: float
    burst: int = 1
    #: The next request may leave then, and not before.
    next_at: float = 0.0

    @property
    def step(self) -> float:
        return 1.0 / self.per_second

    def after(self, next_at: float, at: float) -> float:
        """Return when the next one may leave, once one has left at `at`, and was allowed to from `next_at` on."""
        return max(next_at, at - (self.burst - 1) * self.step) + self.step

    def take(self, at: float) -> None:
        """One leaves."""
        self.next_at = self.after(self.next_at, at)

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

    def level(self, here: float, now: int) -> int | None:
        """Return `next_at` in Unix milliseconds, for the next holder; None where the whole burst is there again."""
        if self.next_at <= here - (self.burst - 1) * self.step:
            return None
        return now + math.ceil((self.next_at - here) * 1_000)

    def restore(self, level: int, here: float, now: int) -> None:
        """Go on at the level of the last holder; a wall clock that was set back makes nobody wait longer than a step."""
        self.next_at = max(self.next_at, here + min((level - now) / 1_000, self.step))

    def empty(self, here: float) -> None:
        """Nobody knows what was sent last: nothing of the burst is left."""
        self.next_at = here + self.step


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


def levels_of(budgets: list[Budget], here: float, now: int) -> dict[str, Any]:
    """Return the levels that a next holder has to know, by what they match; of two that match the same, the later."""
    levels: dict[str, int] = {}
    for budget in budgets:
        level = budget.level(here, now)
        if level is not None:
            levels[budget.match] = max(level, levels.get(budget.match, level))
    return levels
