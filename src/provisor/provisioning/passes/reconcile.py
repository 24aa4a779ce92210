"""One pass: take due links of one application, perform them, settle the outcomes, until nothing is due."""

import asyncio
from collections import Counter
from uuid import UUID

from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.bundle.joining import Joining
from provisor.provisioning.drift import scans
from provisor.provisioning.drift.removing import Removing
from provisor.provisioning.drift.scanning import Beside, Scanning, Tools
from provisor.provisioning.health.health import Halt, Health
from provisor.provisioning.health.recent import Recent
from provisor.provisioning.keys import to_key
from provisor.provisioning.pace.limiter import urgent
from provisor.provisioning.pace.pace import Pace
from provisor.provisioning.passes import passing
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.lanes import Lanes
from provisor.provisioning.passes.managers import managers_first
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.preparing import Preparing
from provisor.provisioning.passes.settle import LEAVER_PHASES
from provisor.provisioning.passes.settling import Settling
from provisor.provisioning.passes.take import take
from provisor.provisioning.passes.verdict import HaltedError, is_throttled
from provisor.provisioning.passes.work import DueLink, Outcome, Work
from provisor.provisioning.perform.lookup import Lookup
from provisor.provisioning.perform.perform import Performer, act_of, doubt_of
from provisor.provisioning.perform.perform_write import Writing
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.store import Store
from provisor.provisioning.surroundings import Surroundings
from provisor.scim.authentication import Authentication
from provisor.scim.client import Door, Exchange

#: Links taken at once.
BATCH = 512
#: Works kept ready, so that no worker waits for the database.
READY = 256

UNCONFIRMED = "Whether the application is still this worker's is not known: the database does not answer."


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
        pace: Pace,
        recent: Recent,
        around: Surroundings,
    ) -> None:
        self.context = context
        self.totals: Counter[str] = Counter()
        self.halt: Halt | None = None
        self._store, self._now, self._may_send = store, around.now, around.may_send
        self._lanes = Lanes()
        self._under_way: dict[int, Work] = {}
        self._phase = Phase.ACCOUNT_REMOVALS
        self._moved = asyncio.Event()
        self._urgent = False
        self._giving_way = False
        self._clock = around.clock
        self._first_done: float | None = None
        self._workers: list[asyncio.Task[None]] = []
        self.pace = pace
        self._settling = Settling(
            context, store, self.totals,
            run=to_key(run) if run else None, now=around.now, paused_for=lambda: pace.paused_for, stop=self.stop, stored=self._moved.set,
        )  # fmt: skip
        self.health = Health(self.stop, recent, around.now)
        self.client = BundlingClient(
            door, authentication, context.dialect, noted=self._note,
            gate=self._gate, observer=self._observe, clock=lambda: around.now() / 1_000, timer=around.clock, effort=around.effort,
        )  # fmt: skip
        self._lookup = Lookup(context, self.client, clock=around.clock)
        self._preparing = Preparing(context, store, self._lookup, self.health)
        self._probation = Probation(around.chance)
        self._performer = Performer(
            context, self.client, self._lookup, self.health,
            linked=self._holder, confirmed_members=self._confirmed_members, control=self.control_read, progress=self._settling.progress, learn=self._settling.learn, chance=around.chance, probation=self._probation,
        )  # fmt: skip
        self._joining = Joining(
            context, self.client, self._lookup, self._probation, self._lanes,
            most=pace.most, learn=self._settling.learn, perform=self._work_once, clock=around.clock, taken=self._moved.set,
        )  # fmt: skip
        self._beside = Beside(self._make_scanning, lambda: store.run(scans.is_asked, context.key))

    def _make_scanning(self) -> Scanning:
        writing = Writing(
            self.context, self.client, self._lookup, probation=self._probation, learn=self._settling.learn
        )
        removing = Removing(
            self.context, self.client, writing, store=self._store, health=self.health, now=self._now
        )
        tools = Tools(
            context=self.context, client=self.client, store=self._store, health=self.health, stop=self.stop,
            halted=lambda: self.halt is not None or self._giving_way, now=self._now, members_seen=lambda: self._probation.has_seen_members,
        )  # fmt: skip
        return Scanning(tools, removing)

    # --- from outside ---------------------------------------------------------------------------------------------

    def stop(self, halt: Halt) -> None:
        """End the pass: no new request leaves; those under way finish (R11). The first reason counts."""
        if self.halt is None:
            self.halt = halt
        self._moved.set()

    def give_up(self) -> None:
        """Abandon the requests under way. Their intents stay open: what became of them is not known."""
        for task in self._tasks:
            task.cancel()

    @property
    def worked_for(self) -> float:
        """Seconds since the first work was done; 0 before: a listing that is read first is no one's turn."""
        return 0.0 if self._first_done is None else self._clock() - self._first_done

    def give_way(self) -> None:
        """Take nothing more; what is being sent is finished, and the rest is put back."""
        self._giving_way = True
        self._moved.set()

    def hurry(self) -> None:
        """Something became due meanwhile: leavers among it are taken at once."""
        self._urgent = True
        self._moved.set()

    async def run(self) -> Counter[str]:
        """Work until nothing is due or the pass is stopped; returns counts of what was done."""
        self._probation.restore(await self._store.run(passing.read_proved, self.context))
        settling = self._settling.start()
        self._workers += [asyncio.create_task(self._work_in_turn()) for _ in range(self.pace.most)]
        self._workers.append(asyncio.create_task(self._work_for_leavers()))
        try:
            await self._produce()
        finally:
            try:
                await self._release(self._lanes.close())
            finally:
                await self._end_workers()
                await self._settling.end(settling, self._probation)
        if self.halt is None and self.health.only_unsent is not None:
            self.stop(self.health.only_unsent)
        await self._settling.record(passing.finish_vanished, self.health, now=self._now())
        return self.totals

    async def finish(self) -> None:
        """Record what was exchanged, without working."""
        await self._settling.settle()

    async def control_read(self) -> None:
        """Read something that always works when the application and the credential do. Raises ScimFailure."""
        kind = "user" if self.context.dialect.users else "group"
        async for _ in self.client.pages(kind, act="probe"):
            return

    def continue_from(self, former: "Pass") -> None:
        """Take over what was exchanged before the configuration was known."""
        self.totals += former.totals
        self.pace.limiter.pause(former.pace.paused_for)
        self._settling.continue_from(former._settling)  # noqa: SLF001 - its own kind

    # --- taking ---------------------------------------------------------------------------------------------------

    async def _produce(self) -> None:
        while self.halt is None and not self._giving_way:
            if len(self._lanes) >= READY and not self._urgent:
                await self._progress()
            elif not await self._take() and not self._urgent and not await self._goes_on_beside():
                return

    async def _goes_on_beside(self) -> bool:
        """Whether something goes on beside the links: a scan, or removals; what falls due meanwhile is taken."""
        if not await self._beside.goes_on():
            return False
        self._first_done = self._clock() if self._first_done is None else self._first_done
        if not self._urgent and self.halt is None and not self._giving_way:
            await self._beside.wait(self._moved)
        return True

    @property
    def _busy(self) -> bool:
        """Whether a work is under way, or its outcome is not stored yet."""
        return bool(self._under_way) or self._settling.is_behind

    async def _take(self) -> bool:
        """Take what is due; false when there is nothing. A later phase waits until the earlier ones are settled."""
        urgent, self._urgent = self._urgent, False
        if self.context.observes:
            return False
        busy = self._busy
        phases = tuple(phase for phase in Phase if phase <= self._phase) if busy else tuple(Phase)
        if urgent and busy and len(self._lanes):
            phases = LEAVER_PHASES
        taken = await self._settling.record(
            take,
            now=self._now(),
            limit=max(BATCH, self._joining.size),
            phases=phases,
            refers=self._joining.refers,
            carefully=not self.health.confirmed,
        )
        if taken is None:
            return False
        self.totals["unchanged"] += taken.rested
        if taken.works:
            assert taken.phase is not None
            self._phase = max(self._phase, taken.phase) if busy else taken.phase
            self._under_way |= {work.link.id: work for work in taken.works}
            await self._preparing.prepare(taken.works)
            self._lanes.put(managers_first(taken.works))
        elif not taken.rested and self._busy:
            await self._progress()
        # later phases were not looked at while something was under way
        return busy or bool(taken)

    async def _progress(self) -> None:
        self._moved.clear()
        if self.halt is None and not self._giving_way:
            await self._moved.wait()

    # --- performing -----------------------------------------------------------------------------------------------

    async def _work_in_turn(self) -> None:
        going_on = True
        while going_on:
            await self.pace.flow.enter()
            try:
                going_on = await self._joining.start(await self._lanes.get())
            finally:
                self.pace.flow.leave()

    async def _work_for_leavers(self) -> None:
        """On a connection of its own, however many works the application bears at a time."""
        while await self._work_once(await self._lanes.get(leavers_only=True)):
            pass

    async def _work_once(self, work: Work | None) -> bool:
        """Perform a work; false when there will be none any more."""
        if work is None:
            return False
        urgent.set(work.link.phase in LEAVER_PHASES)
        try:
            outcome = await self._performer.perform(work)
        except HaltedError:
            outcome = interrupted(work)
        except Exception as error:  # noqa: BLE001 - one bad object never stops another (R7)
            outcome = broken(work, error)
        self._first_done = self._clock() if self._first_done is None else self._first_done
        self._count(outcome)
        self._under_way.pop(work.link.id, None)
        self._settling.outcome(outcome)
        if len(self._lanes) < READY:
            # else nothing is taken, and who takes is not woken for each work
            self._moved.set()
        return True

    async def _gate(self, method: str, kind: str) -> None:
        """Let a request leave, or not: in its order, at the application's rate, and never after the end."""
        if self.halt is not None:
            raise HaltedError
        if not self._may_send():
            self.stop(Halt(state="stopped", reason=UNCONFIRMED))
        await self.pace.wait(method, kind)
        if self.halt is not None:
            raise HaltedError

    def _observe(self, exchange: Exchange) -> None:
        self.totals["requests"] += 1
        if exchange.method != "GET":
            self.totals["writes"] += 1
        self.pace.observe(exchange)
        if exchange.failure is not None and is_throttled(exchange.failure):
            self.health.throttled(exchange.failure)
        self._settling.attempt(exchange)

    def _note(self, operation: Exchange) -> None:
        """One operation of a bulk request is an attempt of its own, though no request."""
        self.pace.observe_operation(operation)
        self._settling.attempt(operation)

    def _count(self, outcome: Outcome) -> None:
        act = act_of(outcome.work)
        if outcome.confirmed and outcome.work.plan.operation is not None:
            self.totals["adopt" if outcome.origin == "adopted" and outcome.linked else str(act)] += 1
        elif not outcome.confirmed and outcome.counts:
            self.totals["failed"] += 1

    async def _confirmed_members(self, link: DueLink) -> list[str]:
        return await self._store.run(passing.confirmed_members, link.id)

    async def _holder(self, kind: str, remote_id: str) -> str:
        return await self._store.run(passing.holder_of, self.context, kind, remote_id)

    # --- ending ------------------------------------------------------------------------------------------------------

    async def _end_workers(self) -> None:
        """Wait for the requests under way; when they are given up, until that has happened."""
        try:
            while tasks := self._tasks:
                await asyncio.gather(*tasks)
        except asyncio.CancelledError:
            while tasks := self._tasks:
                await asyncio.wait(tasks)

    @property
    def _tasks(self) -> list[asyncio.Task[None]]:
        """What goes on still; a worker may have let a work go together with others just now."""
        return [
            task for task in (*self._workers, *self._joining.tasks, *self._beside.tasks) if not task.done()
        ]

    async def _release(self, works: list[Work]) -> None:
        """Put back what was taken and never started."""
        if works:
            await self._settling.record(passing.release, [work.link.id for work in works])


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
