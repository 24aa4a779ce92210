"""Limits in virtual time: workers with a backlog, an application that counts, and passes one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from provisor.provisioning.pace.limiter import Limiter
from provisor.scim.capabilities import resolve
from provisor.scim.dialect import Dialect, Rate
from tests.lab.limits import Limits
from tests.lab.options import Limit
from tests.simulation.world import World, looping

#: Seconds that an answer takes.
ROUND_TRIP = 0.03


def dialect(*rates: Rate, **facts: Any) -> Dialect:
    return replace(resolve([]), rates=rates, **facts)


def rate(match: str, per_second: float, burst: int = 1) -> Rate:
    return Rate(match=match, per_second=per_second, burst=burst)


def long_since() -> World:
    """A world that has rested for so long that every burst is there."""
    world = World(1)
    world.time = 100_000.0
    return world


@dataclass
class Passes:
    """Passes of one application in virtual time, each with a limiter of its own; the levels go from hand to hand."""

    dialect: Dialect
    world: World = field(default_factory=long_since)
    #: When each request left, in seconds, by its class.
    sent: list[tuple[float, str]] = field(default_factory=list)
    levels: dict[str, Any] = field(default_factory=dict)
    #: The application's own limit, and when it refused.
    limit: Limits | None = None
    refused: list[float] = field(default_factory=list)
    #: What it answers with a refusal, in seconds.
    retry_after: float | None = 1.0
    #: Whether passes end without handing on their levels, and whether the last one did.
    unclean: bool = False
    left_open: bool = False
    learned: dict[str, float] = field(default_factory=dict)

    def restrict(self, per_second: float, burst: float = 1.0) -> None:
        self.limit = Limits([Limit(match="all", per_second=per_second, burst=burst)], self.world.time)

    def run(self, seconds: float, *classes: tuple[str, str], workers: int = 4) -> Limiter:
        """Let workers for each class send for so long, as fast as they may; a pass that ends hands on its levels."""

        async def work(limiter: Limiter) -> None:
            until = self.world.time + seconds
            tasks = [
                asyncio.create_task(self._send(limiter, method, endpoint, until))
                for method, endpoint in classes
                for _ in range(workers)
            ]
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()

        return self.play(work)

    def play(self, act: Callable[[Limiter], Awaitable[None]]) -> Limiter:
        """Run one pass that does what `act` does."""
        with looping(self.world) as loop:
            limiter = Limiter(self.dialect, clock=lambda: self.world.time, sleep=asyncio.sleep)
            limiter.restore(self.levels, self.world.now(), unclean=self.left_open)
            loop.run_until_complete(act(limiter))
            self.learned = limiter.learned
            self.left_open = self.unclean
            if not self.unclean:
                self.levels = limiter.levels(self.world.now())
        return limiter

    async def _send(self, limiter: Limiter, method: str, endpoint: str, until: float) -> None:
        while self.world.time < until:
            await limiter.wait(method, endpoint)
            at = self.world.time
            self.sent.append((at, f"{method} {endpoint}"))
            wait = 0.0 if self.limit is None else self.limit.wait(method, endpoint, at)
            await asyncio.sleep(ROUND_TRIP)
            if wait:
                self.refused.append(at)
                limiter.throttled(method, endpoint, self.retry_after, sent_at=at)

    def times(self, *classes: str) -> list[float]:
        return [at for at, each in self.sent if not classes or each in classes]


def excess(times: list[float], per_second: float, burst: int) -> float:
    """By how many requests the worst of all windows, of whatever length, is over `burst` and the rate together."""
    worst, least = float("-inf"), float("inf")
    for number, at in enumerate(sorted(times)):
        level = number - per_second * at
        least = min(least, level)
        worst = max(worst, level - least + 1 - burst)
    return worst
