"""The engine on PostgreSQL: one of any number of workers, each with an asyncio loop in its own thread.

Procrastinate places jobs, gives signs of life and keeps one job of an application at a time. Here is what is around
it: looking at the tables, stopping passes that must stop, and letting go of jobs whose worker has died.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import structlog
import uvloop
from django.conf import settings
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status

from provisor.access.letters import deliver_forever as deliver_letters
from provisor.directory import journal
from provisor.notices.courier import Courier
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.health.alarms import watch_forever
from provisor.provisioning.health.restored import MarkFile, notice_restore
from provisor.provisioning.homes import jobs
from provisor.provisioning.homes.anchoring import anchor_forever
from provisor.provisioning.homes.interpreter import tune
from provisor.provisioning.homes.lease import LASTS, Lease
from provisor.provisioning.homes.sweep import confirm, forbidden, sweep
from provisor.provisioning.keys import Key, to_key
from provisor.provisioning.passes.connection import connect
from provisor.provisioning.passes.one_pass import PAUSED, OnePass
from provisor.provisioning.surroundings import Surroundings

if TYPE_CHECKING:
    from procrastinate.contrib.django.django_connector import DjangoConnector

log = structlog.get_logger(__name__)

#: Passes that a worker runs at once.
AT_ONCE = 40
#: Seconds between two confirmations of what this worker holds; a pause is seen with the next one (R11).
CONFIRM_EVERY = 0.25
#: Seconds between two looks for what a lost wake-up left, and for jobs of workers that died.
SWEEP_EVERY = 1.0
#: Seconds after which a pass gives its place to an application that waits for one.
TURN = 2.0
#: Seconds that requests under way get to finish when the worker is stopped.
GRACE = 3.0
#: Seconds that the start waits for the first sign of life, and between two looks for it.
READY_WITHIN = 10.0
LOOK_WHETHER_READY = 0.02
#: Seconds until work begins again after the database was gone.
AGAIN_AFTER = 1.0


class Worker:
    """Works until it is stopped. Any number of them, in any number of processes, share the applications."""

    def __init__(self, around: Surroundings | None = None) -> None:
        given = around or Surroundings()
        self._lease = Lease(given.clock)
        self._around = replace(
            given, connect=partial(connect, may_send=self._lease.holds), may_send=self._lease.holds
        )
        self._now = given.now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._main, name="provisor-worker", daemon=True)
        self._started = threading.Event()
        self._ending: asyncio.Event | None = None
        self._stirred: asyncio.Event | None = None
        self._passes: dict[Key, OnePass] = {}
        self._looks = 0
        self._app: App | None = None
        self._mark = MarkFile(settings.DATA_DIR / "engine.mark")
        self._store = given.store()
        # what is read to stop a pass never waits behind what passes write (R11)
        self._looking = given.store()

    def start(self) -> None:
        """Notice a restore of the database, start the thread, and wait until this worker can be given something."""
        notice_restore(self._mark, now=self._now)
        journal.changed.connect(self._on_change)
        tune()
        self._thread.start()
        self._started.wait()
        until = time.monotonic() + READY_WITHIN
        while not jobs.a_worker_lives() and time.monotonic() < until:
            time.sleep(LOOK_WHETHER_READY)

    def stop(self) -> None:
        """End all passes and hand everything on. Requests under way get a grace, and are given up after it."""
        journal.changed.disconnect(self._on_change)
        if self._loop is not None and self._ending is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def wake(self) -> None:
        """Look at the tables at once; may be called from any thread."""
        if self._loop is not None and self._stirred is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stirred.set)

    def _on_change(self, **_: Any) -> None:
        """What was paused in this process sends nothing more once the change is committed (R11)."""
        passes = self._passes.copy()
        if passes:
            for key in forbidden() & passes.keys():
                passes[key].bar(PAUSED)

    @property
    def resting(self) -> bool:
        """Whether this worker neither looks nor runs a pass."""
        return not self._passes and not self._looks

    # --- in the worker's thread -------------------------------------------------------------------------------------

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending, self._stirred = asyncio.Event(), asyncio.Event()
        beside = [
            asyncio.create_task(each)
            for each in (
                self._confirm_forever(),
                self._sweep_forever(),
                self._work_forever(),
                watch_forever(self._store, self._now, every=self._around.alarms_every),
                Courier(self._store, self._now, every=self._around.notices_every).deliver_forever(),
                deliver_letters(self._store, every=self._around.notices_every),
                anchor_forever(self._store, self._now),
                self._mark.keep_forever(self._store),
            )
        ]
        self._started.set()
        await self._ending.wait()
        passes = list(self._passes.values())
        await asyncio.gather(*(one.end("The worker is stopping.", grace=GRACE) for one in passes))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await self._store.run(self._mark.keep)
        for store in (self._store, self._looking):
            await store.end()

    # --- passes -----------------------------------------------------------------------------------------------------

    async def run_pass(self, application_id: UUID) -> None:
        """Run one pass; when its turn is over and something is left, it is woken again, behind those that wait."""
        assert self._ending is not None
        key = to_key(application_id)
        if self._ending.is_set() or key in self._passes:
            return
        one = OnePass(application_id, self._store, around=self._around, travelling=self._travelling)
        self._passes[key] = one
        try:
            one.start(done=lambda: None)
            await asyncio.shield(one.ended())
        except asyncio.CancelledError:
            await one.end("The worker is stopping.", grace=GRACE)
            raise
        finally:
            self._passes.pop(key, None)
        if one.gave_way:
            await self._store.run(jobs.wake, key)

    def _travelling(self) -> int:
        """Whoever held the application before may go on for as long as its lease lasts; then no request outlives its time-out."""
        return self._now() + int((LASTS + self._around.limits.total) * 1_000)

    async def look(self) -> None:
        """Fold what is pending, and wake the applications that have something due."""
        self._looks += 1
        try:
            touched: frozenset[Key] = await self._store.run(self._look)
        finally:
            self._looks -= 1
        for key in touched & self._passes.keys():
            self._passes[key].hurry()

    def _look(self) -> frozenset[Key]:
        """In the thread of the store; returns the applications that the fold has touched."""
        touched = fold(self._now(), wait=False)
        jobs.wake_all(sweep(now=self._now()).due, touched)
        return touched

    # --- looking ----------------------------------------------------------------------------------------------------

    async def _confirm_forever(self) -> None:
        while True:
            try:
                await self._confirm()
            except Exception:
                log.exception("worker.confirm_failed")
            await asyncio.sleep(CONFIRM_EVERY)

    async def _confirm(self) -> None:
        """Ask whether what this worker holds is still its own, may be written to, and has leavers that overtake."""
        asked = self._around.clock()
        passes = self._passes.copy()
        seen = await self._looking.run(confirm, list(passes), now=self._now())
        for key, one in passes.items():
            one.follow(seen)
            if key in seen.due:
                one.hurry()
        # only now: what is not ours any more was stopped before this worker may send again
        self._lease.renew(asked)
        await self._give_way([one for one in passes.values() if one.worked_for >= TURN])

    async def _give_way(self, long: list[OnePass]) -> None:
        """Let the passes end that have worked for their turn, where an application waits for a place (R7)."""
        if not long:
            return
        waiting: bool = await self._looking.run(jobs.others_wait)
        if waiting:
            for one in long:
                one.give_way()

    async def _sweep_forever(self) -> None:
        assert self._stirred is not None
        while True:
            self._stirred.clear()
            try:
                await self.look()
                await self._let_go_of_the_dead()
            except Exception:
                log.exception("worker.sweep_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY):
                    await self._stirred.wait()

    async def _let_go_of_the_dead(self) -> None:
        """Finish the jobs of workers that give no sign of life any more, so that their applications are free.

        Not a retry: one that meets a newer wake-up of its application breaks the queueing lock, fails, and keeps the
        lock of the dead job, so that the application would never be worked on again. The tables know what is due.
        """
        if self._app is None:
            return
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=jobs.STALLED_AFTER):
            try:
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)
            except ConnectorException:
                # another worker was faster
                continue
            log.warning("worker.job_taken_over", lock=job.lock)
        await manager.prune_stalled_workers(jobs.STALLED_AFTER)

    # --- Procrastinate ----------------------------------------------------------------------------------------------

    async def _work_forever(self) -> None:
        """Take jobs and do them; after the database was gone, begin again."""
        while True:
            try:
                async with self._opened() as opened:
                    self._app = opened
                    await opened.run_worker_async(
                        concurrency=AT_ONCE,
                        fetch_job_polling_interval=SWEEP_EVERY,
                        shutdown_graceful_timeout=GRACE,
                        delete_jobs=DeleteJobCondition.ALWAYS,
                        additional_context={"worker": self},
                        install_signal_handlers=False,
                        update_heartbeat_interval=jobs.SIGN_EVERY,
                        stalled_worker_timeout=jobs.STALLED_AFTER,
                    )
            except Exception:
                log.exception("worker.jobs_failed")
            finally:
                self._app = None
            await asyncio.sleep(AGAIN_AFTER)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[App]:
        """Procrastinate with connections of its own: Django's belong to threads."""
        connector = cast("DjangoConnector", app.connector).get_worker_connector()
        opened = app.with_connector(connector)
        try:
            await opened.open_async()
            yield opened
        finally:
            await opened.close_async()
