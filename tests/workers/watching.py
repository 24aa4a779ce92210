"""Which worker is at work: the one without which no request comes any more."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.crash.engine_process import EngineProcess
from tests.servers import LabServer

#: Seconds: what a frozen worker has sent is answered by then, and one that goes on has sent something.
_DRAINS, _LOOKS = 0.3, 0.5


@contextmanager
def frozen(worker: EngineProcess) -> Iterator[None]:
    """Stop a worker in its tracks inside."""
    worker.freeze()
    try:
        yield
    finally:
        worker.go_on()


def holder(crew: list[EngineProcess], target: LabServer) -> EngineProcess:
    """Find who sends; there must be one pass, with much to do."""
    for worker in crew:
        with frozen(worker):
            time.sleep(_DRAINS)
            before = len(target.requests())
            time.sleep(_LOOKS)
            if len(target.requests()) == before:
                return worker
    raise AssertionError("requests come whoever is stopped")


def first_request_after(target: LabServer, moment: float, before: int, seconds: float) -> float:
    """Seconds from a moment (monotonic) to the next request; `before` were there already."""
    while len(target.requests()) <= before:
        if time.monotonic() - moment > seconds:
            raise AssertionError(f"no request within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - moment


def jobs() -> list[tuple[Any, ...]]:
    """Status and lock of every job that waits or runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, lock FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()
