"""When the engine last lived, so that it is known how long the requests of a process that was killed may arrive."""

import os
from pathlib import Path

from provisor.scim.limits import TransportLimits

#: Seconds between two signs of life.
SIGN_EVERY = 0.1
#: Seconds after the last sign in which a request may have left: the next sign was due, and the loop had other work.
SIGN_LATE = 3 * SIGN_EVERY


class LifeSign:
    """A file whose time of change says when the engine lived. It costs no commit, and it outlives a SIGKILL."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def give(self, now: int) -> None:
        """Say that the engine lives; `now` in Unix milliseconds."""
        self._path.touch(mode=0o600)
        os.utime(self._path, ns=(now * 1_000_000, now * 1_000_000))

    def last(self) -> int | None:
        """Return when the engine last lived, in Unix milliseconds; None when no sign is left."""
        try:
            return self._path.stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return None


def travelling_until(last: int | None, limits: TransportLimits, *, now: int) -> int:
    """Return until when a request of the former process may arrive: no request outlives its time-out.

    `last` is the last sign of life of that process. Without one, and when the clock was set back, it may have died
    just now. Unix milliseconds.
    """
    died = now if last is None else min(last, now)
    return died + int((limits.total + SIGN_LATE) * 1_000)
