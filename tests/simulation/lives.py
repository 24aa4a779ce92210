"""The lives of the process: it starts, works, crashes, starts again, until everything is at rest."""

import asyncio
from collections.abc import Callable

from django.db import connection

from provisor.provisioning.homes.engine import Engine
from provisor.provisioning.surroundings import Surroundings
from tests.simulation.company import Company
from tests.simulation.stand_ins import Doors, InlineStore, Life, Sign, Watch
from tests.simulation.watcher import Violation
from tests.simulation.world import EPOCH, Crash, World, looping

#: Seconds; a look at the tables when nothing is due.
IDLE = 6 * 3_600.0
#: Seconds between two looks of an engine that works.
LOOK_EVERY = 5.0
#: Seconds after the last change and the last fault in which everything must be at rest.
PATIENCE = 5 * 24 * 3_600.0
#: A crash is followed by a start after so long (seconds), at most.
LONGEST_DOWN = 90.0

#: When a due link of an application that may be worked on is next to be worked on.
NEXT_DUE = """
SELECT MIN(MAX(l.not_before, COALESCE(h.not_before, 0))) FROM provisioning_link l
JOIN applications_application a ON a.id = l.application_id
LEFT JOIN provisioning_health h ON h.application_id = a.id
WHERE l.state = 'due' AND NOT a.paused AND a.mode = 'enforce' AND a.deleted_at IS NULL
"""
#: When a scan that was asked for can begin.
NEXT_SCAN = """
SELECT MIN(COALESCE(h.not_before, 0)) FROM provisioning_scan s
JOIN applications_application a ON a.id = s.application_id
LEFT JOIN provisioning_health h ON h.application_id = a.id
WHERE s.state IN ('requested', 'running') AND NOT a.paused AND a.deleted_at IS NULL
"""


class Lives:
    """Runs the engine in the world; `at_rest` is asked whenever nothing is due, and says whether to go on."""

    def __init__(self, world: World, company: Company, at_rest: Callable[[], bool]) -> None:
        self._world, self._company, self._at_rest = world, company, at_rest
        self._sign = Sign()
        self._engine: Engine | None = None
        self.life: Life | None = None
        #: When the last change or fault ends (seconds).
        self.horizon = 0.0
        self._ended = False

    def run(self) -> int:
        """Run until everything is at rest; returns how many lives it took."""
        lives = 0
        while not self._ended:
            lives += 1
            with looping(self._world) as loop:
                self._live(loop)
        return lives

    def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        world = self._world
        life = self.life = Life(world)
        networks = {one.network.base_url: one.network for one in self._company.installed}
        around = Surroundings(
            now=world.now, clock=lambda: world.time, effort=lambda: 0.0, chance=world.random.random, connect=Doors(life, networks),
            store=lambda: InlineStore(life), watch=Watch, sign=self._sign,
            # every change is made in this process, and wakes the engine; what looks at nothing need not look often
            watch_every=LOOK_EVERY, sweep_every=LOOK_EVERY, sign_every=IDLE, alarms_every=60.0, notices_every=60.0,
        )  # fmt: skip
        engine = self._engine = Engine(around)
        engine.prepare()
        world.resting = self._resting
        try:
            loop.run_until_complete(engine.run())
        except Crash:
            self._sign.died(world.now(), world.random.random())
        finally:
            life.dead = life.buried = True
            engine.ask_to_end()
            self._engine = None
            world.resting = lambda: None
        if not self._ended:
            self._stay_down()

    def crash(self) -> None:
        """The process is killed now."""
        if self.life is not None and not self.life.dead and self._engine is not None:
            self._world.tell("crash")
            self.life.die()

    def _stay_down(self) -> None:
        """The world goes on until somebody starts the process again."""
        until = self._world.time + self._world.random.choice((0.0, 0.5, LONGEST_DOWN))
        while self._world.time < until:
            self._world.pass_time(until - self._world.time)
        self._world.tell("start")

    def _resting(self) -> float | None:
        """Say until when nothing happens by itself; None while something is under way."""
        assert self._engine is not None
        if not self._engine.resting or any(one.network.under_way for one in self._company.installed):
            return None
        due = self._next_due()
        if due is not None:
            self._check_patience()
            return max(due, self._world.time + 0.03)
        if self._world.time < self.horizon:
            return self._world.time + IDLE
        if not self._at_rest():
            return None
        self._ended = True
        self._engine.ask_to_end()
        return None

    def _next_due(self) -> float | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM directory_pending)")
            if cursor.fetchone()[0]:
                return self._world.time + 0.03
            cursor.execute(NEXT_DUE)
            at = cursor.fetchone()[0]
            cursor.execute(NEXT_SCAN)
            scan = cursor.fetchone()[0]
        if at is None and scan is None:
            return None
        return min(each for each in (at, scan) if each is not None) / 1_000 - EPOCH - self._world.skew

    def _check_patience(self) -> None:
        if self._world.time > self.horizon + PATIENCE:
            raise Violation("R1: something is due for ever")
