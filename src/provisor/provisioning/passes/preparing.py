"""What is asked before works are performed: a listing where many are new, a look-up of new groups that go with users."""

import asyncio
from collections.abc import Sequence

from provisor.planning.operation import Act, Kind
from provisor.provisioning.health.health import Health
from provisor.provisioning.passes import passing
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.verdict import HaltedError
from provisor.provisioning.passes.work import Work
from provisor.provisioning.perform.lookup import Lookup
from provisor.provisioning.perform.perform_doubt import wanted_values
from provisor.provisioning.store import Store
from provisor.scim.errors import ScimFailure

#: Look-ups under way at a time, beside what the works of before have under way still.
AT_A_TIME = 2


class Preparing:
    """Asks for the works of one pass."""

    def __init__(self, context: Context, store: Store, lookup: Lookup, health: Health) -> None:
        self._context, self._store, self._lookup = context, store, lookup
        self._health = health
        self._at_a_time = asyncio.Semaphore(AT_A_TIME)

    async def prepare(self, works: Sequence[Work]) -> None:
        """Read a listing first where many are new."""
        creating: set[Kind] = {
            w.link.kind for w in works if w.plan.operation and w.plan.operation.act in (Act.CREATE, Act.ADOPT)
        }
        for kind in creating:
            new = await self._store.run(passing.count_new, self._context, kind)
            try:
                await self._lookup.prepare(kind, new)
            except ScimFailure as failure:
                self._health.failed(failure)
            except HaltedError:
                return
        await asyncio.gather(*(self._look_up(work) for work in works if work.newcomers))

    async def _look_up(self, work: Work) -> None:
        """Look up a new group whose members are about to be sent; what cannot be told now is asked again in its turn."""
        if self._lookup.is_absent_by_listing(work.link.kind, wanted_values(work)):
            return
        async with self._at_a_time:
            try:
                found = await self._lookup.find(work.link.kind, wanted_values(work), work.link, fresh=True)
            except ScimFailure as failure:
                self._health.failed(failure)
            except HaltedError:
                pass
            else:
                work.absent = found.certain and not found.resources
