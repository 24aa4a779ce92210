"""The two homes of the engine (engine.md, section 10): one process on SQLite, any number of workers on PostgreSQL."""

from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.db import connection

from provisor.provisioning.homes.process_lock import EngineRunsError
from provisor.provisioning.homes.process_lock import engine_runs as process_holds_lock

if TYPE_CHECKING:
    from provisor.provisioning.surroundings import Surroundings


class RunningEngine(Protocol):
    """What brings applications up to date as long as it runs."""

    def start(self) -> None:
        """Begin to work, in a thread. Raises EngineRunsError where another process must be the only one."""

    def stop(self) -> None:
        """End all passes; requests under way get a grace."""

    @property
    def resting(self) -> bool:
        """Whether nothing is under way at this moment."""

    def wake(self) -> None:
        """Look at the tables at once; may be called from any thread."""


def is_distributed() -> bool:
    """Whether any number of workers share the work."""
    return connection.vendor == "postgresql"


def make_engine(around: "Surroundings | None" = None) -> RunningEngine:
    """Return the engine of this process; it is not started yet."""
    if is_distributed():
        from provisor.provisioning.homes.worker import Worker

        return Worker(around)
    from provisor.provisioning.homes.engine import Engine

    return Engine(around)


def begin(engine: RunningEngine) -> bool:
    """Start the engine of a command, unless a service or a worker does the work already."""
    if is_distributed() and engine_runs():
        return False
    try:
        engine.start()
    except EngineRunsError:
        return False
    return True


def engine_runs() -> bool:
    """Tell whether anybody brings applications up to date: the process on this data directory, or any worker."""
    if is_distributed():
        from provisor.provisioning.homes.jobs import a_worker_lives

        return a_worker_lives()
    return process_holds_lock(settings.DATA_DIR / "engine.lock")
