"""The embedded engine: one asyncio loop in its own thread that folds changes and runs passes (engine.md, section 10)."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
import uvloop
from django.conf import settings

from provisor.directory import journal
from provisor.provisioning.change_watch import ChangeWatch
from provisor.provisioning.fold import fold
from provisor.provisioning.interpreter import tune
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.one_pass import OnePass
from provisor.provisioning.process_lock import ProcessLock
from provisor.provisioning.store import Store
from provisor.provisioning.sweep import sweep

log = structlog.get_logger(__name__)

#: Seconds between two looks for changes of other processes, and between two sweeps.
WATCH_EVERY = 0.025
SWEEP_EVERY = 0.5


class Engine:
    """Runs until it is stopped. Only the process that holds the lock writes to applications."""

    def __init__(self, *, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._now = now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._main, name="provisor-engine", daemon=True)
        self._lock = ProcessLock(settings.DATA_DIR / "engine.lock")
        self._wake: asyncio.Event | None = None
        self._stopping = False
        self._started = threading.Event()
        self._passes: dict[Any, OnePass] = {}
        self._folding: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take the lock and start the thread. Raises EngineRunsError when another process holds the lock."""
        self._lock.acquire()
        tune()
        journal.changed.connect(self._on_change)
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """End all passes, let requests under way finish, give the lock back."""
        journal.changed.disconnect(self._on_change)
        self._stopping = True
        self.wake()
        self._thread.join()
        self._lock.release()

    def wake(self) -> None:
        """Look at the tables at once; may be called from any thread."""
        if self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def _on_change(self, **_: Any) -> None:
        self.wake()

    # --- in the engine's thread -----------------------------------------------------------------------------------

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        # a look at the tables never waits for another writer: pause must be seen within a second (R11)
        store, looking = Store(), Store()
        watch = ChangeWatch()
        self._started.set()
        try:
            await self._serve(store, looking, watch)
        finally:
            await self._end_passes()
            watch.close()
            for each in (store, looking):
                await asyncio.to_thread(each.close)

    async def _serve(self, store: Store, looking: Store, watch: ChangeWatch) -> None:
        swept = 0.0
        while not self._stopping:
            woken = await self._rest()
            stale = time.monotonic() - swept >= SWEEP_EVERY
            if watch.changed() or woken or stale:
                if watch.pending():
                    self._fold(store)
                if woken or stale:
                    await self._look(store, looking)
                    swept = time.monotonic()

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
            async with asyncio.timeout(WATCH_EVERY):
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
        one = OnePass(to_uuid(key), store, now=self._now)
        self._passes[key] = one
        one.start(done=lambda: self._pass_ended(key))

    def _pass_ended(self, key: Any) -> None:
        self._passes.pop(key, None)
        if self._wake is not None:
            self._wake.set()

    async def _end_passes(self) -> None:
        if self._folding is not None:
            await asyncio.gather(self._folding, return_exceptions=True)
        for one in self._passes.values():
            one.stop("The engine is stopping.")
        await asyncio.gather(*(one.ended() for one in list(self._passes.values())))
