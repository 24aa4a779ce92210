"""One pass from beginning to end: take the application, probe it where needed, work, write down how it went."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import structlog

from provisor.applications.capabilities import record_probe
from provisor.applications.models import Application
from provisor.applications.vault import VaultError
from provisor.mapping.rule import MappingRefused
from provisor.provisioning import runs
from provisor.provisioning.connection import Connection, NoCredentialError, connect
from provisor.provisioning.context import Context, load_context
from provisor.provisioning.health import Halt
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.limiter import Limiter
from provisor.provisioning.models import Health
from provisor.provisioning.reconcile import Pass
from provisor.provisioning.store import Store
from provisor.provisioning.sweep import Sweep
from provisor.provisioning.verdict import HaltedError
from provisor.scim.capabilities import Fact
from provisor.scim.errors import AddressRefused, ScimFailure

log = structlog.get_logger(__name__)

CHANGED = "The configuration was changed; the next pass goes on with the new one."
PAUSED = "Paused."


class OnePass:
    """A running pass, as the engine holds it."""

    def __init__(self, application_id: UUID, store: Store, *, now: Callable[[], int]) -> None:
        self._id, self._store, self._now = application_id, store, now
        self._pass: Pass | None = None
        self._stopped = ""
        self._task: asyncio.Task[None] | None = None
        self._version: int | None = None

    def start(self, done: Callable[[], None]) -> None:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: done())

    async def ended(self) -> None:
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def hurry(self) -> None:
        """Something became due meanwhile."""
        if self._pass is not None:
            self._pass.hurry()

    def follow(self, seen: Sweep) -> None:
        """Stop when the application was paused or configured anew (R11)."""
        if self._pass is None or self._version is None:
            return
        key = self._pass.context.key
        if key not in seen.allowed:
            self.stop(PAUSED)
        elif seen.versions.get(key) != self._version:
            self.stop(CHANGED)

    def stop(self, reason: str) -> None:
        self._stopped = reason
        if self._pass is not None:
            self._pass.stop(Halt(state="stopped", reason=reason))

    async def _run(self) -> None:
        try:
            beginning = await self._store.run(runs.begin, self._id, now=self._now())
        except (NoCredentialError, VaultError, MappingRefused) as error:
            await self._store.run(runs.cannot_begin, self._id, str(error), now=self._now())
            return
        except Exception:
            log.exception("pass.begin_failed", application=str(self._id))
            return
        if beginning is not None:
            await self._work(beginning)

    async def _work(self, beginning: runs.Beginning) -> None:
        self._version = beginning.context.version
        totals: Counter[str] = Counter()
        halt: Halt | None = None
        limiter: Limiter | None = None
        try:
            connection = connect(beginning.context.base_url, beginning.credential, beginning.context.dialect)
        except (AddressRefused, ValueError) as error:
            halt = Halt(state="unreachable", reason=str(error))
        else:
            totals, halt, limiter = await self._work_connected(beginning, connection)
        await self._store.run(runs.end, beginning, totals, halt, limiter, now=self._now())

    async def _work_connected(
        self, beginning: runs.Beginning, connection: Connection
    ) -> tuple[Counter[str], Halt | None, Limiter]:
        one = self._make(beginning, connection, beginning.context)
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
        return one.totals, one.halt, one.limiter

    def _make(self, beginning: runs.Beginning, connection: Connection, context: Context) -> Pass:
        learned = beginning.health.limiter.get("learned")
        limiter = Limiter(context.dialect, clock=time.monotonic, sleep=asyncio.sleep, learned=learned)
        limiter.restore(beginning.health.limiter, self._now())
        made = Pass(
            context, connection.transport, connection.authentication, self._store,
            run=beginning.run.id, limiter=limiter, now=self._now,
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
        except ScimFailure as failure:
            one.health.failed(failure)
            if one.halt is None:
                one.stop(Halt(state="unreachable", reason=failure.sentence))
        except HaltedError:
            pass
        return one

    async def _discover(self, one: Pass, beginning: runs.Beginning, connection: Connection) -> Pass:
        discovery = await one.client.discover()
        application = await self._store.run(_record, beginning.context, discovery.facts)
        beginning.health.probed_at = self._now()
        beginning.health.limiter = one.limiter.levels(self._now())
        context = await self._store.run(load_context, application)
        again = self._make(beginning, connection, replace(context, epoch=beginning.context.epoch))
        again.continue_from(one)
        return again


def _record(context: Context, facts: list[Fact]) -> Application:
    application = Application.objects.get(pk=to_uuid(context.key))
    record_probe(application, facts, evidence="discovery")
    return application
