"""Carry out one planned work against the application and say what became of it. Never raises for an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from provisor.planning.operation import Act, Ending
from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.bundle.referring import Referring
from provisor.provisioning.health.health import Health
from provisor.provisioning.passes.backoff import backoff
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.verdict import FORBIDDEN, NOT_FOUND, UNAUTHORISED, judge
from provisor.provisioning.passes.work import DueLink, MemberProgress, Outcome, Work
from provisor.provisioning.perform.lookup import Lookup
from provisor.provisioning.perform.perform_create import Creation
from provisor.provisioning.perform.perform_doubt import doubt_of
from provisor.provisioning.perform.perform_members import MemberWork
from provisor.provisioning.perform.perform_send import may_be_deleted_by_us
from provisor.provisioning.perform.perform_write import Writing
from provisor.provisioning.perform.probation import Probation
from provisor.scim.errors import ScimFailure

__all__ = ["WORDS", "Performer", "act_of", "doubt_of", "ending_of"]

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
#: The remote ids of the members that a group's application has confirmed; asks the database.
ConfirmedMembers = Callable[[DueLink], Awaitable[list[str]]]


class Performer:
    """Performs works of one pass. `chance` gives numbers from 0 to 1 for the jitter of back-off."""

    def __init__(
        self,
        context: Context,
        client: BundlingClient,
        lookup: Lookup,
        health: Health,
        *,
        linked: Linked,
        control: Callable[[], Awaitable[None]],
        progress: Callable[[MemberProgress], None],
        learn: Callable[[str, Any, str], None],
        chance: Callable[[], float],
        probation: Probation,
        confirmed_members: ConfirmedMembers,
    ) -> None:
        self._health, self._dialect = health, context.dialect
        self._chance = chance
        self._control = control
        self._controlling = asyncio.Lock()
        #: What the control read of this pass said; None before it.
        self._forbidden: bool | None = None
        lookup.learn = learn
        writing = Writing(
            context, client, lookup, probation=probation, learn=learn, confirmed_members=confirmed_members
        )
        self._writing = writing
        self._members = MemberWork(
            context, client,
            progress=progress, probation=probation, learn=learn, confirmed_members=confirmed_members,
        )  # fmt: skip
        self._creation = Creation(
            context, client, lookup, writing,
            probation=probation, learn=learn, linked=linked, failed=self._failed,
            referring=Referring(client, context.dialect, probation, learn=learn, progress=progress),
            made=self._members.remember,
        )  # fmt: skip

    async def perform(self, work: Work) -> Outcome:
        """Perform one work; the outcome says what is acknowledged and how the link goes on."""
        try:
            outcome = await self._act(work)
        except ScimFailure as failure:
            return await self._failed(work, failure)
        self._health.succeeded()
        return outcome

    async def _failed(self, work: Work, failure: ScimFailure) -> Outcome:
        """Let the health hear of a failure, and say what it means for the link."""
        self._health.failed(failure)
        forbidden = failure.status == FORBIDDEN and await self._is_forbidden()
        return self._failure(work, failure, forbidden=forbidden)

    async def _is_forbidden(self) -> bool:
        """403 stops the application only if a control read is refused, too; asked once in a pass (R13)."""
        async with self._controlling:
            if self._forbidden is None:
                self._forbidden = await self._control_refused()
        return self._forbidden

    async def _control_refused(self) -> bool:
        try:
            await self._control()
        except ScimFailure as failure:
            if failure.status in (FORBIDDEN, UNAUTHORISED):
                self._health.forbid()
                return True
        return False

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

    def _failure(self, work: Work, failure: ScimFailure, *, forbidden: bool) -> Outcome:
        link = work.link
        if failure.status == NOT_FOUND and link.remote_id is not None:
            self._health.vanish(work, expected=may_be_deleted_by_us(link, self._dialect))
            return Outcome(
                work=work, confirmed=False, state="missing", reason=VANISHED, doubt=link.doubt or None
            )
        verdict = judge(failure, WORDS[act_of(work)], forbidden=forbidden)
        doubt = doubt_of(work) if verdict.unknown or work.posted else link.doubt
        wait = 0
        if verdict.state == "due":
            wait = backoff(link.attempts, self._chance, retry_after=failure.retry_after)
        return Outcome(
            work=work, confirmed=False, state=verdict.state, reason=verdict.reason, doubt=doubt or None,
            wait=wait, counts=not verdict.application,
        )  # fmt: skip


def act_of(work: Work) -> Act:
    if work.plan.operation is not None:
        return work.plan.operation.act
    return Act.ADD_MEMBERS if work.additions else Act.REMOVE_MEMBERS


#: Where a link stands once its plan is carried out.
def ending_of(work: Work) -> str:
    return work.plan.ending.value if work.plan.ending is not Ending.GONE else Ending.RELEASED.value
