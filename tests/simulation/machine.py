"""The machine that is simulated: its clock, its chance, and a database in memory that is made new for each seed."""

import datetime as dt
import gc
import os
import random
import tempfile
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from provisor.site.start import start
from tests.simulation.haste import hasten
from tests.simulation.haste_orm import hasten_orm
from tests.simulation.world import World

#: Seeds after which the garbage of cycles is collected, instead of whenever it occurs to the interpreter.
COLLECTED_EVERY = 20
#: Companies are kept once they were made, each with so many variants of applications.
VARIANTS = 4


class Machine:
    """Set up once for a process; `begin` makes everything new for a seed."""

    def __init__(self, *, slowly: bool = False) -> None:
        """`slowly` leaves out all shortcuts of `haste`, which may change no story."""
        self._directory = tempfile.TemporaryDirectory(prefix="provisor-simulation-")
        os.environ["PROVISOR_DATA_DIR"] = self._directory.name
        # the database is used where it is called, in the thread of the loop
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
        start()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = ":memory:"
        settings.LOGGING_CONFIG = None
        #: What Provisor logged of errors of its own.
        self.errors: list[str] = []
        _listen(self.errors)
        # one connection for everything: in a loop Django would make one for each context
        one = SimpleNamespace(default=connections["default"])
        connections._connections = one  # type: ignore[attr-defined]
        if not slowly:
            hasten()
            hasten_orm()
        call_command("migrate", verbosity=0)
        connection.ensure_connection()
        self._blank: bytes = connection.connection.serialize()
        self._founded: dict[int, bytes] = {}
        self._installed: dict[tuple[int, int, bool], bytes] = {}
        self._begun = 0
        # what is there now stays, and is looked through no more
        gc.collect()
        gc.freeze()
        gc.disable()

    @property
    def directory(self) -> Path:
        return Path(self._directory.name)

    def begin(self, world: World, seed: int, size: int, *, plain: bool = False) -> None:
        """Found a company of this size, and give the seed's world to everything that asks for the time or for chance."""
        connection.connection.deserialize(self._company(size, seed % VARIANTS, plain))
        self.errors.clear()
        _forget()
        _give(world, f"seed {seed}")
        self._begun += 1
        if self._begun % COLLECTED_EVERY == 0:
            gc.collect()

    def _company(self, size: int, variant: int, plain: bool) -> bytes:
        """A database with a company and its applications. It is made once, so nothing in it depends on the seed."""
        kept = self._installed.get((size, variant, plain))
        if kept is None:
            # models can be imported only now
            from tests.simulation.company import Applications

            connection.connection.deserialize(self._people(size))
            _give(World(0), f"applications {variant}")
            Applications(random.Random(f"{size} {variant}"), plain=plain)
            kept = self._installed[size, variant, plain] = connection.connection.serialize()
        return kept

    def _people(self, size: int) -> bytes:
        """A database with the people and teams of a company."""
        if size not in self._founded:
            from tests.simulation.company import found

            connection.connection.deserialize(self._blank)
            _give(World(0), f"people {size}")
            found(size)
            self._founded[size] = connection.connection.serialize()
        return self._founded[size]


def _forget() -> None:
    """What modules remember between two looks, as a new process would not."""
    from provisor.provisioning.drift import scans
    from provisor.provisioning.passes import delete_after

    scans._LOOKED["at"] = -scans.MINUTE
    delete_after._LOOKED.clear()


def _give(world: World, origin: str) -> None:
    chance = random.Random(f"urandom {origin}")
    time.time_ns = lambda: world.now() * 1_000_000
    time.time = lambda: world.now() / 1_000
    timezone.now = lambda: dt.datetime.fromtimestamp(world.now() / 1_000, dt.UTC)
    os.urandom = chance.randbytes


def _listen(errors: list[str]) -> None:
    """Keep what Provisor logs of its own errors; a full disk is none of them."""
    import logging
    import sys

    import structlog
    from django.db import OperationalError

    def keep(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        error = sys.exc_info()[1]
        if event.get("exc_info") and error is not None and not isinstance(error, OperationalError):
            errors.append(f"{event['event']}: {''.join(traceback.format_exception(error))}")
        raise structlog.DropEvent

    logging.disable(logging.CRITICAL)
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
