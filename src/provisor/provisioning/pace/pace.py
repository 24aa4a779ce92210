"""The pace of one application: when a request may leave, how many works go on at a time, and what answers teach (R12)."""

from collections.abc import Awaitable, Callable
from typing import Any

from provisor.provisioning.pace.flow import Flow, sensible_concurrency
from provisor.provisioning.pace.limiter import Limiter
from provisor.provisioning.passes.verdict import is_throttled
from provisor.scim.client import Exchange
from provisor.scim.dialect import Dialect
from provisor.scim.errors import NotSent

ENDPOINTS = {"user": "/Users", "group": "/Groups", "bulk": "/Bulk", "": "/"}
_KNOWN = frozenset(ENDPOINTS.values())

#: An answer that takes so many seconds of the processor to read is dear: others are served late meanwhile. Its
#: application then rests for so many times as long, so that it never has more than a hundredth of the time, and its
#: works go one at a time, since all that are under way are answered before the rest begins (R7).
DEAR = 0.05
REST_TIMES = 100


class Pace:
    """What one holder of an application knows of its pace, and hands on to the next."""

    def __init__(
        self, dialect: Dialect, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[Any]]
    ) -> None:
        self._clock = clock
        self.limiter = Limiter(dialect, clock=clock, sleep=sleep)
        #: The most works at a time.
        self.most = sensible_concurrency(dialect)
        self.flow = Flow(self.most)

    def levels(self, now: int) -> dict[str, Any]:
        """Return what the next holder must know; `now` in Unix milliseconds."""
        return {**self.limiter.levels(now), "flow": self.flow.levels()}

    def restore(self, levels: dict[str, Any], now: int, *, unclean: bool = False) -> None:
        """Go on where the last holder left off; see `Limiter.restore`."""
        self.limiter.restore(levels, now, unclean=unclean)
        self.flow.restore(levels.get("flow", {}))

    @property
    def paused_for(self) -> float:
        """Seconds for which the application has asked to be left alone still."""
        return self.limiter.paused_for

    async def wait(self, method: str, kind: str) -> None:
        """Return when a request to this kind of resource may leave."""
        await self.limiter.wait(method, ENDPOINTS.get(kind, "/"))

    def observe(self, exchange: Exchange) -> None:
        """Learn from an exchange: how long it took, and whether it was refused for the sake of the load."""
        failure, seconds = exchange.failure, exchange.milliseconds / 1_000
        endpoint = endpoint_of(exchange.path)
        if failure is not None and is_throttled(failure):
            sent_at = self._clock() - seconds
            self.limiter.throttled(exchange.method, endpoint, failure.retry_after, sent_at=sent_at)
        if exchange.reading > DEAR:
            self.limiter.rest_longer(exchange.reading * REST_TIMES)
            self.flow.narrow()
        # how long a bulk takes says how large it was
        if not isinstance(failure, NotSent) and endpoint != ENDPOINTS["bulk"]:
            self.flow.answered(f"{exchange.method} {endpoint} {exchange.act}", exchange.status, seconds)

    def observe_operation(self, operation: Exchange) -> None:
        """Learn from one operation of a bulk request: it may be refused for the sake of the load by itself."""
        failure = operation.failure
        if failure is not None and is_throttled(failure):
            sent_at = self._clock() - operation.milliseconds / 1_000
            self.limiter.throttled("POST", ENDPOINTS["bulk"], failure.retry_after, sent_at=sent_at)


def endpoint_of(path: str) -> str:
    """Return which endpoint a path below the base URL belongs to; "/" for documents."""
    first = "/" + path[1:].partition("?")[0].partition("/")[0]
    return first if first in _KNOWN else ENDPOINTS[""]
