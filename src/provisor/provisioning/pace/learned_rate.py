"""A rate that nobody has declared, learned from refusals (429, 503): additive increase, multiplicative decrease (R12).

Up to the rate at which the application refused last it grows with time alone, so that it recovers while nobody asks
for anything; beyond that only while it is used to the full, since only then it has been tried. The longer nothing is
refused, the faster it grows. So it never stays low because of one bad hour.
"""

from dataclasses import dataclass
from typing import Any

from provisor.provisioning.pace.budgets import Budget

DECREASE = 0.75
#: Requests per second never fall below this, whatever is refused.
SLOWEST = 0.2
#: Less than this was not too much for anybody: what was refused first was refused for the sake of others.
FIRST = 4.0
#: What a second adds: this part of the rate that was refused, and at least so much.
INCREASE_PART = 0.01
INCREASE_LEAST = 0.02
#: Seconds after which the increase has doubled.
DOUBLED_AFTER = 30.0


@dataclass(slots=True)
class LearnedRate:
    """Requests per second of one class of requests. Times in seconds of the limiter's clock."""

    budget: Budget
    #: The rate at which it was refused last.
    refused: float
    #: When it was lowered last: what had left before says nothing about the lower rate.
    lowered_at: float
    #: Since when the application may be asked again.
    since: float
    grown_at: float
    #: Somebody has had to wait for it since it grew last.
    full: bool = False

    @property
    def per_second(self) -> float:
        return self.budget.per_second

    def lower(self, now: float, resumes_at: float) -> None:
        """The application has refused: go on more slowly, once it may be asked again."""
        self.grow(now)
        self.refused = self.per_second
        self.budget.per_second = max(SLOWEST, self.refused * DECREASE)
        self.budget.next_at = max(self.budget.next_at, resumes_at)
        self.lowered_at, self.full = now, False
        self.since = self.grown_at = max(now, resumes_at)

    def grow(self, now: float) -> None:
        """Add what the time since the last growth adds."""
        if now <= self.grown_at:
            return
        grown = self.per_second + self._gained(now) - self._gained(self.grown_at)
        self.budget.per_second = grown if self.full else min(grown, max(self.refused, self.per_second))
        self.grown_at, self.full = now, False

    def _gained(self, at: float) -> float:
        elapsed = at - self.since
        slope = max(INCREASE_PART * self.refused, INCREASE_LEAST)
        return slope * (elapsed + elapsed * elapsed / (2 * DOUBLED_AFTER))

    def level(self, here: float, now: int) -> dict[str, Any]:
        """Return what the next holder has to know; `now` in Unix milliseconds, as are the times in it."""
        return {
            "rate": round(self.per_second, 4),
            "refused": round(self.refused, 4),
            "since": now - int((here - self.since) * 1_000),
            "grown_at": now - int((here - self.grown_at) * 1_000),
            "next": self.budget.level(here, now),
        }


def first_lesson(match: str, achieved: float, now: float, resumes_at: float) -> LearnedRate:
    """Return what the first refusal teaches: `achieved` requests had left within a second."""
    budget = Budget(match, max(achieved, FIRST))
    rate = LearnedRate(budget, refused=0.0, lowered_at=now, since=now, grown_at=now)
    rate.lower(now, resumes_at)
    return rate


def restored(match: str, level: dict[str, Any], here: float, now: int, *, unclean: bool) -> LearnedRate:
    """Return what an earlier holder has learned; the time since then counts."""
    budget = Budget(match, max(SLOWEST, level["rate"]))
    if unclean:
        budget.empty(here)
    elif level["next"] is not None:
        budget.restore(level["next"], here, now)
    return LearnedRate(
        budget, refused=level["refused"], lowered_at=here,
        since=here + min(0, level["since"] - now) / 1_000, grown_at=here + min(0, level["grown_at"] - now) / 1_000,
    )  # fmt: skip
