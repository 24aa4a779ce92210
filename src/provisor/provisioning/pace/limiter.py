"""The limiter of one application: declared rates are kept, undeclared ones are learned (R12).

Who wants to send stands in a line, leavers first. Whoever may leave by all budgets that cover the request takes from
all of them at that moment and not before, so that a narrow budget holds up nobody behind, and no budget is exceeded.
"""

from bisect import insort
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from provisor.provisioning.pace.budgets import Budget, declared_budgets, levels_of
from provisor.provisioning.pace.learned_rate import LearnedRate, first_lesson, restored
from provisor.scim.dialect import Dialect

#: Seconds to rest after a refusal that does not say how long.
REST = 1.0
#: Seconds that an application may be left alone for our own sake.
LONGEST_REST = 60.0
#: Seconds by which a timer may fire late without a request being lost to the rate.
LATE = 0.02
#: Seconds that are nothing: rounding.
NOTHING = 1e-6

#: Whether who asks now works for a leaver: then it goes to the head of the line.
urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@dataclass(order=True, slots=True)
class _Ticket:
    """A place in the line."""

    behind: bool
    number: int
    #: The class of the request.
    match: str = field(compare=False)
    budgets: list[Budget] = field(compare=False)
    arrived: float = field(compare=False)


class _Recent:
    """How many requests of one class have left within a second: of this second, or of the one before."""

    __slots__ = ("before", "now", "second")

    def __init__(self) -> None:
        self.second, self.now, self.before = 0, 0, 0

    def count(self, at: float) -> None:
        second = int(at)
        if second != self.second:
            self.before = self.now if second == self.second + 1 else 0
            self.second, self.now = second, 0
        self.now += 1

    @property
    def per_second(self) -> float:
        return float(max(self.now, self.before))


class Limiter:
    """Waits until a request may leave. `clock` in seconds, `sleep` as asyncio's: a test may give any."""

    def __init__(
        self, dialect: Dialect, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[Any]]
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._budgets = declared_budgets(dialect)
        self._learned: dict[str, LearnedRate] = {}
        self._recent: dict[str, _Recent] = {}
        self._line: list[_Ticket] = []
        self._numbers = count()
        self._paused_until = 0.0
        self._rests_until = 0.0

    @property
    def learned(self) -> dict[str, float]:
        """Requests per second that were learned, by class ("POST /Users"); empty while nothing was refused."""
        return {match: rate.per_second for match, rate in self._learned.items()}

    def levels(self, now: int) -> dict[str, Any]:
        """Return what the next holder must know; `now` in Unix milliseconds."""
        here = self._clock()
        learned = {match: rate.level(here, now) for match, rate in self._learned.items()}
        rests_until = now + int((self._rests_until - here) * 1_000) if self._rests_until > here else 0
        return {
            "learned": learned,
            "next": levels_of(self._budgets, here, now),
            "rests_until": rests_until,
        }

    def restore(self, levels: dict[str, Any], now: int, *, unclean: bool = False) -> None:
        """Go on where the last holder left off, so that a rate holds from pass to pass.

        `unclean`: the last holder ended without handing on its levels, so every budget starts empty.
        """
        here = self._clock()
        self.rest(min(LONGEST_REST, (levels.get("rests_until", 0) - now) / 1_000))
        for budget in self._budgets:
            if unclean:
                budget.empty(here)
            elif (level := levels.get("next", {}).get(budget.match)) is not None:
                budget.restore(level, here, now)
        for match, level in (levels.get("learned") or {}).items():
            self._learned[match] = restored(match, level, here, now, unclean=unclean)

    @property
    def paused_for(self) -> float:
        return max(0.0, self._paused_until - self._clock())

    def pause(self, seconds: float) -> None:
        """Send nothing for so long: the application has asked for it, and told whoever held it before."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def rest(self, seconds: float) -> None:
        """Send nothing for so long, for our own sake: the application has not asked for it."""
        self._rests_until = max(self._rests_until, self._clock() + seconds)

    def rest_longer(self, seconds: float) -> None:
        """Rest so much longer than is left of a rest, as long as there is a rest at most."""
        left = max(0.0, self._rests_until - self._clock())
        self.rest(min(left + seconds, LONGEST_REST))

    @property
    def _still_until(self) -> float:
        return max(self._paused_until, self._rests_until)

    async def wait(self, method: str, endpoint: str) -> None:
        """Return when the request may leave."""
        match = f"{method} {endpoint}"
        learned = self._learned.get(match)
        budgets = [budget for budget in self._budgets if budget.covers(method, endpoint)]
        if learned is not None:
            learned.grow(self._clock())
            budgets.append(learned.budget)
        if budgets or self._still_until > self._clock():
            await self._stand_in_line(match, budgets)
        recent = self._recent.get(match)
        if recent is None:
            recent = self._recent[match] = _Recent()
        recent.count(self._clock())

    async def _stand_in_line(self, match: str, budgets: list[Budget]) -> None:
        ticket = _Ticket(not urgent.get(), next(self._numbers), match, budgets, self._clock())
        insort(self._line, ticket)
        try:
            while (delay := self._delay(ticket)) > NOTHING:
                learned = self._learned.get(match)
                if learned is not None and learned.budget.next_at > self._clock():
                    learned.full = True
                await self._sleep(delay)
        finally:
            self._line.remove(ticket)
        self._leave(ticket)

    def _delay(self, ticket: _Ticket) -> float:
        """Seconds until it is worth looking again: whoever stands before it and may leave by now goes first."""
        now = self._clock()
        if self._still_until > now:
            return self._still_until - now
        next_at: dict[int, float] = {}
        for each in self._line:
            at = max((next_at.get(id(b), b.next_at) for b in each.budgets), default=now)
            if each is ticket:
                return at - now
            if at <= now + NOTHING:
                next_at |= {id(b): b.after(next_at.get(id(b), b.next_at), now) for b in each.budgets}
        return 0.0

    def _leave(self, ticket: _Ticket) -> None:
        """Take from all budgets. A timer that fired a little late has its turn counted from when that began."""
        now = self._clock()
        began = max([ticket.arrived, self._still_until, *(budget.next_at for budget in ticket.budgets)])
        at = max(now - LATE, min(began, now))
        for budget in ticket.budgets:
            budget.take(at)

    def throttled(self, method: str, endpoint: str, retry_after: float | None, *, sent_at: float) -> None:
        """The application has refused for the sake of its load: rest, and go on more slowly from then on.

        `sent_at` in seconds of the clock: many may have been under way, and what left before the rate was lowered
        does not lower it once more.
        """
        now = self._clock()
        self._paused_until = max(self._paused_until, now + (REST if retry_after is None else retry_after))
        match = f"{method} {endpoint}"
        learned = self._learned.get(match)
        if learned is None:
            achieved = self._recent[match].per_second if match in self._recent else 0.0
            learned = self._learned[match] = first_lesson(match, achieved, now, self._paused_until)
            for ticket in self._line:
                if ticket.match == match:
                    ticket.budgets.append(learned.budget)
        elif sent_at >= learned.lowered_at:
            learned.lower(now, self._paused_until)
