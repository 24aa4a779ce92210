"""Which works go together in bulk requests: where the backlog pays for it, and each is certain enough (engine.md, 3 to 5)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from provisor.planning.operation import Act, Operation
from provisor.provisioning.bundle.bundle import Bundle, joins
from provisor.provisioning.bundle.bundle_trial import Trial
from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.lanes import Lanes
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.work import Work
from provisor.provisioning.perform.lookup import Lookup
from provisor.provisioning.perform.perform_doubt import wanted_values
from provisor.provisioning.perform.perform_send import kinds_of
from provisor.provisioning.perform.probation import Probation
from provisor.scim.change_kinds import takes_put

#: A bulk request of so many works for each that goes at a time by itself takes about as long as these do in as many
#: round trips; with fewer nothing is gained, and what is lost with the answer has to be looked up singly.
PAYS = 2
#: Works for which memory is held: what is under way, and what gathers meanwhile.
REQUESTS_AHEAD = 2

PHASES = frozenset({Phase.USERS, Phase.GROUPS, Phase.REFERENCES})


#: Performs a work and keeps its outcome; false when there is none.
Perform = Callable[[Work | None], Awaitable[bool]]


class Joining:
    """Decides for the works of one pass. Leavers never join: they go at once, on a connection of their own."""

    def __init__(
        self, context: Context, client: BundlingClient, lookup: Lookup, probation: Probation, lanes: Lanes,
        *, most: int, learn: Callable[[str, Any, str], None], perform: Perform, clock: Callable[[], float],
        taken: Callable[[], None],
    ) -> None:  # fmt: skip
        self._context, self._lookup = context, lookup
        self._probation, self._lanes, self._perform = probation, lanes, perform
        trial = Trial(probation, client.read)
        client.bundle = self._bundle = Bundle(
            context.dialect, send=client.bulk, trial=trial, learn=learn, clock=clock
        )
        #: Told when all works that were ready have been taken: the next can be planned while these are under way.
        self._taken = taken
        self._pays_from = PAYS * most
        self._room = asyncio.Semaphore(REQUESTS_AHEAD * self._bundle.size)
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """How many works may go in one request; 0 where they go singly."""
        return self._bundle.size if self._bundle.on else 0

    @property
    def refers(self) -> bool:
        """Whether a new group may name members who are created in the same request."""
        return bool(self.size) and self._bundle.refers

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What goes on."""
        return [*self._tasks, *self._bundle.tasks]

    async def start(self, work: Work | None) -> bool:
        """Perform a work, or let it go together with others; false when there will be none any more."""
        if work is None or not (self._pays and self._is_certain(work)):
            return await self._perform(work)
        if not self._is_trusted(work):
            # while a kind is on probation its works go one after the other: else many would go alone meanwhile
            async with self._turn:
                if not self._is_trusted(work):
                    return await self._perform(work)
        await self._room.acquire()
        task = asyncio.create_task(self._perform_together(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not len(self._lanes):
            self._taken()
        return True

    async def _perform_together(self, work: Work) -> None:
        joins.set(True)
        try:
            await self._perform(work)
        finally:
            self._room.release()

    @property
    def _pays(self) -> bool:
        return self._bundle.on and len(self._tasks) + len(self._lanes) >= self._pays_from

    def _is_certain(self, work: Work) -> bool:
        """Whether nothing has to be asked before it is sent."""
        operation, link = work.plan.operation, work.link
        if operation is None or link.phase not in PHASES or link.doubt:
            return False
        if operation.act is Act.CREATE:
            work.absent = work.absent or self._lookup.is_absent_by_listing(link.kind, wanted_values(work))
            return work.absent
        return operation.act is Act.UPDATE and link.verified and self._goes_by_patch(operation)

    def _goes_by_patch(self, operation: Operation) -> bool:
        dialect = self._context.dialect
        return dialect.patches(operation.kind) and not takes_put(dialect, operation.kind, operation.changes)

    def _is_trusted(self, work: Work) -> bool:
        operation = work.plan.operation
        assert operation is not None
        if work.newcomers and self._bundle.refers:
            # it goes while its members do, and is read back like any that goes alone
            return True
        if operation.act is Act.CREATE:
            return self._probation.trusts((f"{work.link.kind} create",))
        return self._probation.trusts(kinds_of(operation, self._context.dialect.patch_form))
