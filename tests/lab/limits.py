"""Token buckets of the lab target, one for each declared limit."""

from collections.abc import Sequence

from tests.lab.options import Limit


class _Bucket:
    __slots__ = ("at", "burst", "level", "limit")

    def __init__(self, limit: Limit, now: float) -> None:
        self.limit = limit
        self.burst = max(limit.burst, 1.0)
        self.level = self.burst
        self.at = now

    def covers(self, method: str, collection: str) -> bool:
        verb, _, place = self.limit.match.partition(" ")
        if place and place != collection:
            return False
        if verb in ("all", "*", method):
            return True
        return verb == ("read" if method == "GET" else "write")

    def missing_seconds(self, now: float) -> float:
        self.level = min(self.burst, self.level + (now - self.at) * self.limit.per_second)
        self.at = now
        # A millionth is rounding: exactly one interval after the last token there is a token.
        return max(0.0, (1.0 - 1e-6 - self.level) / self.limit.per_second)


class Limits:
    """All buckets together: a request takes a token from every bucket that covers it, or from none."""

    def __init__(self, limits: Sequence[Limit], now: float) -> None:
        self._buckets = [_Bucket(limit, now) for limit in limits]

    def wait(self, method: str, collection: str, now: float) -> float:
        """Seconds until the request would be let through; 0.0 if it is let through now."""
        concerned = [bucket for bucket in self._buckets if bucket.covers(method, collection)]
        wait = max((bucket.missing_seconds(now) for bucket in concerned), default=0.0)
        if not wait:
            for bucket in concerned:
                bucket.level -= 1.0
        return wait
