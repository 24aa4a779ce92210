"""What stands for a running engine on either database: the lock of a process, or a worker's sign of life."""

from pathlib import Path

from django.db import connection

from provisor.provisioning.homes.home import is_distributed
from provisor.provisioning.homes.process_lock import ProcessLock


class Worker:
    """A worker that gave a sign of life just now, in the tables in which workers do so."""

    def acquire(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")

    def release(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_workers")


def one_engine(directory: Path) -> ProcessLock | Worker:
    """Returns what `acquire` makes an engine that runs, and `release` ends."""
    return Worker() if is_distributed() else ProcessLock(directory / "engine.lock")
