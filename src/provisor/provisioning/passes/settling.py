"""What a pass has done, kept until it is stored: outcomes, progress and attempts gather, and are committed together."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from provisor.provisioning.health.health import Halt
from provisor.provisioning.homes.epoch import FencedError
from provisor.provisioning.keys import Key
from provisor.provisioning.passes import passing
from provisor.provisioning.passes.attempts import attempt_row
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.settle import Ledger, settle
from provisor.provisioning.passes.work import MemberProgress, Outcome
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.store import Store
from provisor.scim.client import Exchange

#: Seconds in which outcomes gather before they are committed together.
GATHER = 0.008

P = ParamSpec("P")
T = TypeVar("T")

FENCED = "Another worker has taken this application over."
NOT_STORED = "Outcomes could not be stored; Provisor's log says why."


class Settling:
    """The memory of one pass. `stop` ends the pass, `stored` hears of each commit, `now` is in Unix milliseconds.

    `totals` are the pass's counts (a Counter), stored with its run.
    """

    def __init__(
        self, context: Context, store: Store, totals: MutableMapping[str, int], *, run: Key | None,
        now: Callable[[], int], paused_for: Callable[[], float], stop: Callable[[Halt], None],
        stored: Callable[[], None],
    ) -> None:  # fmt: skip
        self._context, self._store, self._totals = context, store, totals
        self._run, self._now, self._paused_for = run, now, paused_for
        self._stop, self._stored = stop, stored
        self._ledger = Ledger()
        self._learned: list[tuple[str, Any, str]] = []
        self._gathered = asyncio.Event()
        self._closing = False

    # --- what has happened ----------------------------------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Whether the outcome of a work, or a chunk of it, is not stored yet."""
        return bool(self._ledger.outcomes or self._ledger.progress)

    def outcome(self, outcome: Outcome) -> None:
        self._ledger.outcomes.append(outcome)
        self._gathered.set()

    def progress(self, progress: MemberProgress) -> None:
        """Keep one chunk of members."""
        self._ledger.progress.append(progress)
        self._totals["members_added"] += len(progress.added)
        self._totals["members_removed"] += len(progress.removed)
        self._gathered.set()

    def attempt(self, exchange: Exchange) -> None:
        self._ledger.attempts.append(attempt_row(self._context, self._run, exchange))
        self._gathered.set()

    def learn(self, name: str, value: Any, evidence: str) -> None:
        """Keep a capability that the application has shown."""
        self._learned.append((name, value, evidence))

    def continue_from(self, former: "Settling") -> None:
        """Take over attempts that are not stored yet."""
        self._ledger.attempts += former._ledger.attempts  # noqa: SLF001 - its own kind
        self._gathered.set()

    # --- storing it -----------------------------------------------------------------------------------------------

    def start(self) -> "asyncio.Task[None]":
        """Store what gathers from now on, until `end`."""
        settling = asyncio.create_task(self._settle_forever())
        settling.add_done_callback(self._on_ended)
        return settling

    async def _settle_forever(self) -> None:
        """Commit outcomes in groups: what gathers while one commit runs goes with the next."""
        while not self._closing:
            await self._gathered.wait()
            self._gathered.clear()
            await asyncio.sleep(GATHER)
            await self.settle()

    def _on_ended(self, settling: "asyncio.Task[None]") -> None:
        """Without a memory no pass goes on; the error itself is raised where the task is awaited."""
        if not settling.cancelled() and settling.exception() is not None:
            self._stop(Halt(state="misbehaving", reason=NOT_STORED))

    async def settle(self) -> None:
        """Store what has gathered, in one commit."""
        if not self._ledger:
            return
        run = (self._run, dict(self._totals)) if self._run else None
        ledger = self._ledger
        batch = Ledger(ledger.outcomes[:], ledger.progress[:], ledger.attempts[:], run, self._asked_until())
        await self.record(settle, batch, now=self._now())
        del ledger.outcomes[: len(batch.outcomes)]
        del ledger.progress[: len(batch.progress)]
        del ledger.attempts[: len(batch.attempts)]
        self._stored()

    def _asked_until(self) -> int:
        """Until when the application asked to be left alone; 0 when it did not. Kept before the pass ends (R12)."""
        paused_for = self._paused_for()
        return self._now() + int(paused_for * 1_000) if paused_for > 0 else 0

    async def end(self, settling: "asyncio.Task[None]", probation: Probation) -> None:
        """Store what is left, what was learned, and what was proved."""
        self._closing = True
        self._gathered.set()
        await settling
        await self.settle()
        for name, value, evidence in self._learned:
            await self.record(passing.learn, name, value, evidence, now=self._now())
        if probation.changed:
            await self._store.run(passing.keep_proved, self._context, probation.proved)

    async def record(
        self, function: Callable[Concatenate[Context, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Run what is only ours to write while we hold the application; with the first refusal the pass ends."""
        try:
            return await self._store.run(function, self._context, *args, **kwargs)
        except FencedError:
            self._stop(Halt(state="fenced", reason=FENCED))
            return None
