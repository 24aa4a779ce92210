"""What the engine does not make itself: time, chance, the door, the database's place. A simulation gives its own."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from django.conf import settings

from provisor.applications.credentials import OpenCredential
from provisor.notices.courier import LOOK_EVERY as NOTICES_EVERY
from provisor.provisioning import clock
from provisor.provisioning.health.life_sign import SIGN_EVERY, LifeSign
from provisor.provisioning.homes.change_watch import ChangeWatch
from provisor.provisioning.passes.connection import DEFAULT_LIMITS, Connection, connect
from provisor.provisioning.store import Store
from provisor.scim.dialect import Dialect
from provisor.scim.limits import TransportLimits

#: Seconds between two looks for changes of other processes, and between two sweeps.
WATCH_EVERY = 0.025
SWEEP_EVERY = 0.5
#: Seconds between two looks for what has lasted too long.
ALARMS_EVERY = 5.0


class Connect(Protocol):
    """Opens the connection of one pass; nothing is sent yet. Raises AddressRefused."""

    def __call__(
        self, base_url: str, credential: OpenCredential, dialect: Dialect, limits: TransportLimits
    ) -> Connection: ...


class Watch(Protocol):
    """Tells cheaply whether anything was committed, and whether changes wait for the fold."""

    def changed(self) -> bool: ...

    def pending(self) -> bool: ...

    def close(self) -> None: ...


class Sign(Protocol):
    """The engine's sign of life, which outlives it. Times in Unix milliseconds."""

    def give(self, now: int) -> None: ...

    def last(self) -> int | None: ...


def always() -> bool:
    """The one process on SQLite holds the engine lock for as long as it lives."""
    return True


def _sign() -> LifeSign:
    return LifeSign(Path(settings.DATA_DIR) / "engine.alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The world as the engine meets it. The defaults are the real one."""

    #: Unix milliseconds.
    now: Callable[[], int] = clock.now
    #: Seconds that never go backwards.
    clock: Callable[[], float] = time.monotonic
    #: Seconds for which the thread has had the processor.
    effort: Callable[[], float] = time.thread_time
    #: A number from 0 to 1, 1 excluded.
    chance: Callable[[], float] = random.random
    connect: Connect = connect
    #: Whether requests may leave at this moment: a worker on PostgreSQL must have confirmed lately what it holds.
    may_send: Callable[[], bool] = always
    store: Callable[[], Store] = Store
    watch: Callable[[], Watch] = ChangeWatch
    watch_every: float = WATCH_EVERY
    sweep_every: float = SWEEP_EVERY
    sign_every: float = SIGN_EVERY
    alarms_every: float = ALARMS_EVERY
    notices_every: float = NOTICES_EVERY
    sign: Sign = field(default_factory=_sign)
    #: Those of every request; how long a killed process's requests are waited out follows from them.
    limits: TransportLimits = DEFAULT_LIMITS
