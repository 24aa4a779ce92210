"""One pass from beginning to end: take the application, probe it where needed, work, write down how it went."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import structlog

from provisor.applications.capabilities import record_probe
from provisor.applications.models import Application
from provisor.applications.schemas import record_schema
from provisor.mapping.rule import MappingRefused
from provisor.provisioning.health.health import Halt, judge_probe
from provisor.provisioning.health.health_record import cannot_begin
from provisor.provisioning.health.recent import Recent
from provisor.provisioning.homes.sweep import Sweep
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.models import Health
from provisor.provisioning.pace.pace import Pace
from provisor.provisioning.passes import runs
from provisor.provisioning.passes.connection import Connection, NoCredentialError
from provisor.provisioning.passes.context import Context, load_context
from provisor.provisioning.passes.reconcile import Pass
from provisor.provisioning.passes.settling import FENCED
from provisor.provisioning.passes.verdict import HaltedError
from provisor.provisioning.store import Store
from provisor.provisioning.surroundings import Surroundings
from provisor.scim.discovery import Discovery
from provisor.scim.errors import AddressRefused, ScimFailure
from provisor.vault.keys import VaultError

log = structlog.get_logger(__name__)

CHANGED = "The configuration was changed; the next pass goes on with the new one."
PAUSED = "Paused."


class OnePass:
    """A running pass, as the engine holds it."""

    def __init__(
        self,
        application_id: UUID,
        store: Store,
        *,
        around: Surroundings,
        travelling: Callable[[], int] = lambda: 0,
    ) -> None:
        """`travelling` (Unix milliseconds): until when requests of the former holder may arrive."""
        self._id, self._store = application_id, store
        self._around, self._now, self._travelling = around, around.now, travelling
        self._pass: Pass | None = None
        self._connection: Connection | None = None
        self._stopped = ""
        self._task: asyncio.Task[None] | None = None
        self._context: Context | None = None
        #: It ended before its work did, because another application waited for a place.
        self.gave_way = False

    def start(self, done: Callable[[], None]) -> None:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: done())

    async def end(self, reason: str, *, grace: float) -> None:
        """Stop, and give up what is under way still after `grace` seconds: its intents stay open, as after a crash."""
        self.stop(reason)
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=grace)
        if late:
            if self._pass is not None:
                self._pass.give_up()
            self._task.cancel()
            await self.ended()

    async def ended(self) -> None:
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def hurry(self) -> None:
        """Something became due meanwhile."""
        if self._pass is not None:
            self._pass.hurry()

    def follow(self, seen: Sweep) -> None:
        """Stop when the application was paused or configured anew (R11)."""
        key = to_key(self._id)
        if key not in seen.allowed:
            self.stop(PAUSED)
        elif self._context is not None and seen.versions.get(key) != self._context.version:
            self.stop(CHANGED)
        # a look that began before the pass did has seen an earlier epoch
        elif self._context is not None and seen.epochs[key] > self._context.epoch:
            self.stop(FENCED)

    @property
    def worked_for(self) -> float:
        """Seconds since its first work was done."""
        return self._pass.worked_for if self._pass is not None else 0.0

    def give_way(self) -> None:
        """Take nothing more and end: what is left is for the next pass."""
        if self._pass is not None:
            self.gave_way = True
            self._pass.give_way()

    def stop(self, reason: str) -> None:
        self.bar(reason)
        if self._pass is not None:
            self._pass.stop(Halt(state="stopped", reason=reason))

    def bar(self, reason: str) -> None:
        """Let no further request leave, from this moment on; the pass itself ends with `stop`. From any thread."""
        self._stopped = self._stopped or reason
        if self._connection is not None:
            self._connection.bar()

    async def _run(self) -> None:
        try:
            beginning = await self._store.run(
                runs.begin, self._id, now=self._now(), travelling=self._travelling
            )
        except (NoCredentialError, VaultError, MappingRefused) as error:
            await self._store.run(cannot_begin, self._id, str(error), now=self._now())
            return
        except Exception:
            log.exception("pass.begin_failed", application=str(self._id))
            return
        if beginning is not None:
            await self._work(beginning)

    async def _work(self, beginning: runs.Beginning) -> None:
        self._context = beginning.context
        try:
            connection = self._around.connect(
                beginning.context.base_url,
                beginning.credential,
                beginning.context.dialect,
                self._around.limits,
            )
        except (AddressRefused, ValueError) as error:
            ended = runs.Ended(totals=Counter(), halt=Halt(state="unreachable", reason=str(error)))
        else:
            self._connection = connection
            if self._stopped:
                connection.bar()
            ended = await self._work_connected(beginning, connection)
        await self._store.run(runs.end, beginning, ended, unfinished=self.gave_way, now=self._now())

    async def _work_connected(self, beginning: runs.Beginning, connection: Connection) -> runs.Ended:
        one = self._make(beginning, connection, beginning.context)
        # a run that gave way is counted on
        one.totals.update(beginning.run.totals)
        try:
            one = await self._probe(one, beginning, connection)
            if one.halt is None:
                await one.run()
            else:
                await one.finish()
        except Exception:
            log.exception("pass.failed", application=beginning.context.name)
            one.stop(
                Halt(state="misbehaving", reason="Provisor itself failed in this pass; its log says where.")
            )
        finally:
            await connection.close()
        return runs.Ended(
            totals=one.totals,
            halt=one.halt,
            pace=one.pace,
            recent=one.health.recent,
            turned=connection.turned,
        )

    def _make(self, beginning: runs.Beginning, connection: Connection, context: Context) -> Pass:
        pace = Pace(context.dialect, clock=self._around.clock, sleep=asyncio.sleep)
        pace.restore(beginning.health.limiter, self._now(), unclean=beginning.unclean)
        made = Pass(
            context, connection.transport, connection.authentication, self._store,
            run=beginning.run.id, pace=pace, recent=Recent(beginning.health.recent, now=self._now()), around=self._around,
        )  # fmt: skip
        self._pass = made
        if self._stopped:
            made.stop(Halt(state="stopped", reason=self._stopped))
        return made

    async def _probe(self, one: Pass, beginning: runs.Beginning, connection: Connection) -> Pass:
        """Read the discovery documents the first time, and try an application that was unwell before working."""
        health = beginning.health
        try:
            if not health.probed_at:
                return await self._discover(one, beginning, connection)
            if health.state != Health.State.WELL:
                await one.control_read()
                one.health.recent.forget()
        except ScimFailure as failure:
            one.health.failed(failure)
            if one.halt is None:
                one.stop(judge_probe(failure))
        except HaltedError:
            pass
        return one

    async def _discover(self, one: Pass, beginning: runs.Beginning, connection: Connection) -> Pass:
        discovery = await one.client.discover()
        application = await self._store.run(_record, beginning.context, discovery)
        beginning.health.probed_at = self._now()
        beginning.health.limiter = one.pace.levels(self._now())
        beginning.health.version = application.version
        context = await self._store.run(load_context, application)
        again = self._make(beginning, connection, replace(context, epoch=beginning.context.epoch))
        again.continue_from(one)
        return again


def _record(context: Context, discovery: Discovery) -> Application:
    application = Application.objects.get(pk=to_uuid(context.key))
    record_probe(application, discovery.facts, evidence="discovery")
    record_schema(application, discovery.attributes, origin="Pass")
    return application
