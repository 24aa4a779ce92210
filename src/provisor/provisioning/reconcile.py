"""One pass: take due links of one application, perform them, settle the outcomes, until nothing is due."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from provisor.planning.operation import Act
from provisor.provisioning import passing
from provisor.provisioning.attempts import attempt_row
from provisor.provisioning.context import Context
from provisor.provisioning.health import Halt, Health
from provisor.provisioning.keys import to_key
from provisor.provisioning.lanes import Lanes
from provisor.provisioning.limiter import Limiter, sensible_concurrency
from provisor.provisioning.lookup import Lookup
from provisor.provisioning.perform import Performer, act_of, doubt_of
from provisor.provisioning.phases import Phase
from provisor.provisioning.settle import LEAVER_PHASES, FencedError, Ledger, settle
from provisor.provisioning.store import Store
from provisor.provisioning.take import take
from provisor.provisioning.verdict import HaltedError
from provisor.provisioning.work import DueLink, Outcome, Work
from provisor.scim.authentication import Authentication
from provisor.scim.client import Door, Exchange, ScimClient
from provisor.scim.errors import ScimFailure

#: Links taken at once.
BATCH = 512
#: Works kept ready, so that no worker waits for the database.
READY = 256
#: Seconds in which outcomes gather before they are committed together.
GATHER = 0.008

ENDPOINTS = {"user": "/Users", "group": "/Groups", "": "/"}


class Pass:
    """One run of the reconciler over the due links of one application. Nothing here knows which database it is."""

    def __init__(
        self,
        context: Context,
        door: Door,
        authentication: Authentication,
        store: Store,
        *,
        run: UUID | None = None,
        limiter: Limiter | None = None,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.context = context
        self.totals: Counter[str] = Counter()
        self.halt: Halt | None = None
        self._store, self._now = store, now
        self._run = to_key(run) if run else None
        self._lanes = Lanes()
        self._ledger = Ledger()
        self._under_way: dict[int, Work] = {}
        self._phase = Phase.ACCOUNT_REMOVALS
        self._moved, self._gathered = asyncio.Event(), asyncio.Event()
        self._urgent = False
        self._closing = False
        self.limiter = limiter or Limiter(context.dialect, clock=time.monotonic, sleep=asyncio.sleep)
        self.health = Health(self.limiter, self.stop)
        self.client = ScimClient(
            door, authentication, context.dialect, gate=self._gate, observer=self._observe
        )
        self._lookup = Lookup(context, self.client)
        self._performer = Performer(
            context, self.client, self._lookup, self.health,
            linked=self._holder, confirmed_members=self._confirmed_members, control=self.control_read, progress=self._ledger_progress, learn=self._learn, chance=chance,
        )  # fmt: skip
        self._learned: list[tuple[str, Any, str]] = []

    # --- from outside ---------------------------------------------------------------------------------------------

    def stop(self, halt: Halt) -> None:
        """End the pass: no new request leaves; those under way finish (R11). The first reason counts."""
        if self.halt is None:
            self.halt = halt
        self._moved.set()

    def hurry(self) -> None:
        """Something became due meanwhile: leavers among it are taken at once."""
        self._urgent = True
        self._moved.set()

    async def run(self) -> Counter[str]:
        """Work until nothing is due or the pass is stopped; returns counts of what was done."""
        settling = asyncio.create_task(self._settle_forever())
        settling.add_done_callback(self._on_settling_ended)
        count = sensible_concurrency(self.context.dialect)
        workers = [asyncio.create_task(self._work()) for _ in range(count)]
        workers.append(asyncio.create_task(self._work(leavers_only=True)))
        try:
            await self._produce()
        finally:
            await self._release(self._lanes.close())
            await asyncio.gather(*workers)
            await self._end_settling(settling)
        if self.halt is None and self.health.only_unsent is not None:
            self.stop(self.health.only_unsent)
        await self._store.run(passing.finish_vanished, self.health, now=self._now())
        return self.totals

    async def finish(self) -> None:
        """Record what was exchanged, without working."""
        await self._settle()

    async def control_read(self) -> None:
        """Read something that always works when the application and the credential do. Raises ScimFailure."""
        kind = "user" if self.context.dialect.users else "group"
        async for _ in self.client.pages(kind, act="probe"):
            return

    def continue_from(self, former: "Pass") -> None:
        """Take over what was exchanged before the configuration was known."""
        self.totals += former.totals
        self._ledger.attempts += former.unrecorded()
        self._gathered.set()

    def unrecorded(self) -> list[tuple[Any, ...]]:
        """Return the attempts that are not stored yet."""
        return self._ledger.attempts

    # --- taking ---------------------------------------------------------------------------------------------------

    async def _produce(self) -> None:
        while self.halt is None:
            if len(self._lanes) >= READY and not self._urgent:
                await self._progress()
            elif not await self._take():
                return

    @property
    def _busy(self) -> bool:
        """Whether a work is under way, or its outcome is not stored yet."""
        return bool(self._under_way or self._ledger.outcomes or self._ledger.progress)

    async def _take(self) -> bool:
        """Take what is due; false when there is nothing. A later phase waits until the earlier ones are settled."""
        urgent, self._urgent = self._urgent, False
        busy = self._busy
        phases = tuple(phase for phase in Phase if phase <= self._phase) if busy else tuple(Phase)
        if urgent and busy and len(self._lanes):
            phases = LEAVER_PHASES
        taken = await self._store.run(take, self.context, now=self._now(), limit=BATCH, phases=phases)
        self.totals["unchanged"] += taken.rested
        if taken.works:
            assert taken.phase is not None
            self._phase = max(self._phase, taken.phase) if busy else taken.phase
            self._under_way |= {work.link.id: work for work in taken.works}
            await self._prepare(taken.works)
            self._lanes.put(taken.works)
        elif not taken.rested and self._busy:
            await self._progress()
        # later phases were not looked at while something was under way
        return busy or bool(taken)

    async def _prepare(self, works: list[Work]) -> None:
        """Read a listing first where many are new."""
        creating = {
            w.link.kind for w in works if w.plan.operation and w.plan.operation.act in (Act.CREATE, Act.ADOPT)
        }
        for kind in creating:
            new = await self._store.run(passing.count_new, self.context, kind)
            try:
                await self._lookup.prepare(kind, new)
            except ScimFailure as failure:
                self.health.failed(failure)
            except HaltedError:
                return

    async def _progress(self) -> None:
        self._moved.clear()
        if self.halt is None:
            await self._moved.wait()

    # --- performing -----------------------------------------------------------------------------------------------

    async def _work(self, *, leavers_only: bool = False) -> None:
        while (work := await self._lanes.get(leavers_only=leavers_only)) is not None:
            try:
                outcome = await self._performer.perform(work)
            except HaltedError:
                outcome = interrupted(work)
            except Exception as error:  # noqa: BLE001 - one bad object never stops another (R7)
                outcome = broken(work, error)
            self._count(outcome)
            self._under_way.pop(work.link.id, None)
            self._ledger.outcomes.append(outcome)
            self._gathered.set()
            self._moved.set()

    async def _gate(self, method: str, kind: str) -> None:
        """Let a request leave, or not: in its order, at the application's rate, and never after the end."""
        if self.halt is not None:
            raise HaltedError
        await self.limiter.wait(method, ENDPOINTS.get(kind, "/"))
        if self.halt is not None:
            raise HaltedError

    def _observe(self, exchange: Exchange) -> None:
        self.totals["requests"] += 1
        if exchange.method != "GET":
            self.totals["writes"] += 1
        self._ledger.attempts.append(attempt_row(self.context, self._run, exchange))
        self._gathered.set()

    def _ledger_progress(self, progress: Any) -> None:
        self._ledger.progress.append(progress)
        self.totals["members_added"] += len(progress.added)
        self.totals["members_removed"] += len(progress.removed)
        self._gathered.set()

    def _count(self, outcome: Outcome) -> None:
        act = act_of(outcome.work)
        if outcome.confirmed and outcome.work.plan.operation is not None:
            self.totals["adopt" if outcome.origin == "adopted" and outcome.linked else str(act)] += 1
        elif not outcome.confirmed and outcome.counts:
            self.totals["failed"] += 1

    def _learn(self, name: str, value: Any, evidence: str) -> None:
        self._learned.append((name, value, evidence))

    async def _confirmed_members(self, link: DueLink) -> list[str]:
        return await self._store.run(passing.confirmed_members, link.id)

    async def _holder(self, kind: str, remote_id: str) -> str:
        return await self._store.run(passing.holder_of, self.context, kind, remote_id)

    # --- settling -------------------------------------------------------------------------------------------------

    async def _settle_forever(self) -> None:
        """Commit outcomes in groups: what gathers while one commit runs goes with the next."""
        while not self._closing:
            await self._gathered.wait()
            self._gathered.clear()
            await asyncio.sleep(GATHER)
            await self._settle()

    def _on_settling_ended(self, settling: "asyncio.Task[None]") -> None:
        """Without a memory no pass goes on; the error itself is raised where the task is awaited."""
        if not settling.cancelled() and settling.exception() is not None:
            self.stop(
                Halt(state="misbehaving", reason="Outcomes could not be stored; Provisor's log says why.")
            )

    async def _settle(self) -> None:
        if not self._ledger:
            return
        batch = Ledger(self._ledger.outcomes[:], self._ledger.progress[:], self._ledger.attempts[:])
        try:
            await self._store.run(settle, self.context, batch, now=self._now())
        except FencedError:
            self.stop(Halt(state="fenced", reason="Another worker has taken this application over."))
        del self._ledger.outcomes[: len(batch.outcomes)]
        del self._ledger.progress[: len(batch.progress)]
        del self._ledger.attempts[: len(batch.attempts)]
        self._moved.set()

    async def _end_settling(self, settling: "asyncio.Task[None]") -> None:
        self._closing = True
        self._gathered.set()
        await settling
        await self._settle()
        for name, value, evidence in self._learned:
            await self._store.run(passing.learn, self.context, name, value, evidence)

    async def _release(self, works: list[Work]) -> None:
        """Put back what was taken and never started."""
        if works:
            await self._store.run(passing.release, [work.link.id for work in works])


def interrupted(work: Work) -> Outcome:
    """The pass ended in the middle of a work: what its writes may have changed is in doubt."""
    return Outcome(
        work=work, confirmed=False, state="due", reason=work.plan.reason, doubt=doubt_of(work), counts=False
    )


def broken(work: Work, error: Exception) -> Outcome:
    """Something in Provisor itself went wrong with this one object."""
    outcome = interrupted(work)
    outcome.state, outcome.counts = "failed", True
    sentence = str(error) or type(error).__name__
    outcome.reason = sentence if sentence.endswith(".") else f"{type(error).__name__}: {sentence}"
    return outcome
