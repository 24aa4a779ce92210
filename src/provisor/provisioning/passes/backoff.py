"""How long a link rests before the next try: pure arithmetic."""

from collections.abc import Callable

FIRST = 1_000
LONGEST = 3_600_000
#: Part of the wait that chance takes or adds, so that many links do not come back at once.
JITTER = 0.2


def backoff(attempts: int, chance: Callable[[], float], *, retry_after: float | None = None) -> int:
    """Return milliseconds to wait after `attempts` failures; never less than what the application asked for."""
    wait = min(FIRST * 2 ** min(attempts, 20), LONGEST)
    jittered = int(wait * (1 - JITTER + 2 * JITTER * chance()))
    return max(jittered, int((retry_after or 0) * 1_000))
