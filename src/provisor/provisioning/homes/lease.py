"""Until when a worker may send: HTTP cannot be fenced, so it confirms again and again what it holds (engine.md, section 10)."""

from collections.abc import Callable

#: Seconds after the last confirmation in which requests may leave. It is shorter than `jobs.STALLED_AFTER`: before
#: another worker takes an application from one that hangs, nothing leaves there any more.
LASTS = 3.0


class Lease:
    """The moment of the last confirmation; `clock` gives seconds that never go backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + LASTS

    def renew(self, asked_at: float) -> None:
        """The database has answered a question that was asked at this moment: the epochs were ours then."""
        self._until = asked_at + LASTS

    def holds(self) -> bool:
        return self._clock() < self._until
