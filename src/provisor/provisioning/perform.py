"""Carry out one planned work against the application and say what became of it. Never raises for an answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provisor.planning.operation import Act, Ending
from provisor.provisioning.backoff import backoff
from provisor.provisioning.context import Context
from provisor.provisioning.health import Health
from provisor.provisioning.lookup import Lookup
from provisor.provisioning.perform_create import Creation
from provisor.provisioning.perform_members import MemberWork
from provisor.provisioning.perform_write import Writing
from provisor.provisioning.settle import merge_doubt
from provisor.provisioning.take import intent_of
from provisor.provisioning.verdict import FORBIDDEN, NOT_FOUND, UNAUTHORISED, judge
from provisor.provisioning.work import MemberProgress, Outcome, Work
from provisor.scim.client import ScimClient
from provisor.scim.errors import ScimFailure

WORDS = {
    Act.CREATE: "Creating it",
    Act.ADOPT: "Looking it up",
    Act.UPDATE: "Updating it",
    Act.DEACTIVATE: "Deactivating it",
    Act.DELETE: "Deleting it",
    Act.FIND_AND_DEPROVISION: "Looking up what may have been created",
    Act.ADD_MEMBERS: "Adding members",
    Act.REMOVE_MEMBERS: "Removing members",
}
VANISHED = (
    "The application says that it is not there (404). Whether it is made anew is decided at the end of the pass, "
    "because many of these at once mean a wrong address or tenant."
)

#: Whether a remote id is linked already to somebody else; asks the database.
Linked = Callable[[str, str], Awaitable[str]]


class Performer:
    """Performs works of one pass. `chance` gives numbers from 0 to 1 for the jitter of back-off."""

    def __init__(
        self,
        context: Context,
        client: ScimClient,
        lookup: Lookup,
        health: Health,
        *,
        linked: Linked,
        control: Callable[[], Awaitable[None]],
        progress: Callable[[MemberProgress], None],
        learn: Callable[[str, Any, str], None],
        chance: Callable[[], float],
    ) -> None:
        self._health = health
        self._chance = chance
        self._control = control
        self._controlled = False
        writing = Writing(context, client, lookup, learn=learn)
        self._writing = writing
        self._creation = Creation(context, client, lookup, writing, linked=linked)
        self._members = MemberWork(context, client, progress=progress)

    async def perform(self, work: Work) -> Outcome:
        """Perform one work; the outcome says what is acknowledged and how the link goes on."""
        try:
            outcome = await self._act(work)
        except ScimFailure as failure:
            self._health.failed(failure)
            if failure.status == FORBIDDEN:
                await self._control_forbidden()
            return self._failure(work, failure)
        self._health.succeeded()
        return outcome

    async def _control_forbidden(self) -> None:
        """403 stops the application only if a control read is refused, too; asked once in a pass (R13)."""
        if self._controlled:
            return
        self._controlled = True
        try:
            await self._control()
        except ScimFailure as failure:
            if failure.status in (FORBIDDEN, UNAUTHORISED):
                self._health.forbid()

    async def _act(self, work: Work) -> Outcome:
        operation = work.plan.operation
        if operation is None:
            return await self._members.perform(work)
        match operation.act:
            case Act.CREATE | Act.ADOPT:
                return await self._creation.create(work)
            case Act.FIND_AND_DEPROVISION:
                return await self._creation.find_leaver(work)
            case Act.DELETE:
                return await self._writing.delete(work)
            case _:
                return await self._writing.update(work)

    def _failure(self, work: Work, failure: ScimFailure) -> Outcome:
        link = work.link
        if failure.status == NOT_FOUND and link.remote_id is not None:
            self._health.vanish(work)
            return Outcome(
                work=work, confirmed=False, state="missing", reason=VANISHED, doubt=link.doubt or None
            )
        verdict = judge(failure, WORDS[act_of(work)])
        doubt: Mapping[str, Any] | None = link.doubt
        if verdict.unknown:
            doubt = merge_doubt(intent_of(work), link.doubt)
            doubt.pop("members", None)
        wait = 0
        if verdict.state == "due":
            wait = backoff(link.attempts, self._chance, retry_after=failure.retry_after)
        return Outcome(
            work=work, confirmed=False, state=verdict.state, reason=verdict.reason, doubt=dict(doubt) if doubt else None,
            wait=wait, counts=not verdict.application,
        )  # fmt: skip


def act_of(work: Work) -> Act:
    if work.plan.operation is not None:
        return work.plan.operation.act
    return Act.ADD_MEMBERS if work.additions else Act.REMOVE_MEMBERS


#: Where a link stands once its plan is carried out.
def ending_of(work: Work) -> str:
    return work.plan.ending.value if work.plan.ending is not Ending.GONE else Ending.RELEASED.value
