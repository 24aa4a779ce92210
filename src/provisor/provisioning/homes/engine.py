"""The embedded engine: one asyncio loop in its own thread that folds changes and runs passes (engine.md, section 10)."""

import asyncio
import threading
from typing import Any

import structlog
import uvloop
from django.conf import settings

from provisor.access.letters import deliver_forever as deliver_letters
from provisor.directory import journal
from provisor.notices.courier import Courier
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.health.alarms import watch_forever
from provisor.provisioning.health.life_sign import travelling_until
from provisor.provisioning.health.restored import MarkFile, notice_restore
from provisor.provisioning.homes.anchoring import anchor_forever
from provisor.provisioning.homes.interpreter import tune
from provisor.provisioning.homes.process_lock import ProcessLock
from provisor.provisioning.homes.sweep import forbidden, sweep
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.passes.one_pass import PAUSED, OnePass
from provisor.provisioning.store import Store
from provisor.provisioning.surroundings import Surroundings, Watch

log = structlog.get_logger(__name__)

#: Seconds that requests under way get to finish when the engine is stopped.
GRACE = 3.0


class Engine:
    """Runs until it is stopped. Only the process that holds the lock writes to applications."""

    def __init__(self, around: Surroundings | None = None) -> None:
        self._around = around or Surroundings()
        self._now, self._sign = self._around.now, self._around.sign
        self._travelling_until = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._main, name="provisor-engine", daemon=True)
        self._lock = ProcessLock(settings.DATA_DIR / "engine.lock")
        self._wake: asyncio.Event | None = None
        self._stopping = False
        self._started = threading.Event()
        self._mark: MarkFile | None = None
        self._passes: dict[Any, OnePass] = {}
        self._folding: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take the lock and start the thread. Raises EngineRunsError when another process holds the lock."""
        self._lock.acquire()
        self._mark = MarkFile(settings.DATA_DIR / "engine.mark")
        notice_restore(self._mark, now=self._now)
        self.prepare()
        tune()
        self._thread.start()
        self._started.wait()

    def prepare(self) -> None:
        """Learn how long the requests of the former process may arrive, give the first sign of life, and listen."""
        self._travelling_until = travelling_until(self._sign.last(), self._around.limits, now=self._now())
        self._sign.give(self._now())
        journal.changed.connect(self._on_change)

    def stop(self) -> None:
        """End all passes, give the lock back. Requests under way get a grace, and are given up after it."""
        self.ask_to_end()
        self._thread.join()
        self._lock.release()

    def ask_to_end(self) -> None:
        """Let `run` end soon; may be called from any thread."""
        journal.changed.disconnect(self._on_change)
        self._stopping = True
        self.wake()

    @property
    def resting(self) -> bool:
        """Whether neither a fold nor a pass is under way; only for the thread of the loop."""
        return not self._passes and (self._folding is None or self._folding.done())

    def wake(self) -> None:
        """Look at the tables at once; may be called from any thread."""
        if self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def _on_change(self, **_: Any) -> None:
        """Look soon; what was paused in this process sends nothing more once the change is committed (R11)."""
        self.wake()
        passes = self._passes.copy()
        if passes:
            for key in forbidden() & passes.keys():
                passes[key].bar(PAUSED)

    # --- in the engine's thread -----------------------------------------------------------------------------------

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.run())

    async def run(self) -> None:
        """Work in the running loop until it is stopped. `start` does so in a thread of its own."""
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        # a look at the tables never waits for another writer: pause must be seen within a second (R11)
        store, looking = self._around.store(), self._around.store()
        watch = self._around.watch()
        beside = [
            asyncio.create_task(self._live()),
            asyncio.create_task(watch_forever(store, self._now, every=self._around.alarms_every)),
            asyncio.create_task(
                Courier(store, self._now, every=self._around.notices_every).deliver_forever()
            ),
            asyncio.create_task(deliver_letters(store, every=self._around.notices_every)),
            asyncio.create_task(anchor_forever(store, self._now)),
        ]
        if self._mark is not None:
            beside.append(asyncio.create_task(self._mark.keep_forever(store)))
        self._started.set()
        try:
            await self._serve(store, looking, watch)
        finally:
            await self._end_passes()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if self._mark is not None:
                await store.run(self._mark.keep)
            watch.close()
            for each in (store, looking):
                await each.end()

    async def _live(self) -> None:
        """Give signs of life from the loop that sends: where it stands still, nothing is sent either."""
        while True:
            try:
                self._sign.give(self._now())
            except OSError:
                log.exception("engine.sign_failed")
            await asyncio.sleep(self._around.sign_every)

    async def _serve(self, store: Store, looking: Store, watch: Watch) -> None:
        swept = float("-inf")
        while not self._stopping:
            woken = await self._rest()
            stale = self._around.clock() - swept >= self._around.sweep_every
            if watch.changed() or woken or stale:
                if watch.pending():
                    self._fold(store)
                if woken or stale:
                    await self._look(store, looking)
                    swept = self._around.clock()

    def _fold(self, store: Store) -> None:
        """Fold what is pending, beside everything else; one fold at a time."""
        if self._folding is None or self._folding.done():
            self._folding = asyncio.create_task(self._fold_now(store))

    async def _fold_now(self, store: Store) -> None:
        try:
            touched = await store.run(fold, self._now())
        except Exception:
            log.exception("engine.fold_failed")
            return
        if not touched:
            return
        for key in touched & self._passes.keys():
            self._passes[key].hurry()
        self.wake()

    async def _rest(self) -> bool:
        """Wait a little; true when somebody woke the engine."""
        assert self._wake is not None
        try:
            async with asyncio.timeout(self._around.watch_every):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _look(self, store: Store, looking: Store) -> None:
        """Stop what must stop, and start what is due."""
        try:
            seen = await looking.run(sweep, now=self._now())
        except Exception:
            log.exception("engine.sweep_failed")
            return
        for one in self._passes.values():
            one.follow(seen)
        for key in seen.due:
            if key not in self._passes:
                self._start_pass(key, store)

    def _start_pass(self, key: Any, store: Store) -> None:
        one = OnePass(to_uuid(key), store, around=self._around, travelling=lambda: self._travelling_until)
        self._passes[key] = one
        one.start(done=lambda: self._pass_ended(key))

    def _pass_ended(self, key: Any) -> None:
        self._passes.pop(key, None)
        if self._wake is not None:
            self._wake.set()

    async def _end_passes(self) -> None:
        if self._folding is not None:
            await asyncio.gather(self._folding, return_exceptions=True)
        passes = list(self._passes.values())
        await asyncio.gather(*(one.end("The engine is stopping.", grace=GRACE) for one in passes))
