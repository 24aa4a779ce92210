"""Change or delete one linked resource: PATCH, or GET and PUT, in the form the application takes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisor.planning.observed import Observed, just_read, observe_part
from provisor.planning.operation import Act, Ending, Known, Operation
from provisor.planning.present import acknowledge, plan_present
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.settle import merge_doubt
from provisor.provisioning.passes.take import intent_of
from provisor.provisioning.passes.user_work import allowed
from provisor.provisioning.passes.verdict import FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED, UNSUPPORTED
from provisor.provisioning.passes.work import DueLink, Outcome, Work
from provisor.provisioning.perform.lookup import Lookup
from provisor.provisioning.perform.perform_forms import etag_of
from provisor.provisioning.perform.perform_send import (
    INACTIVE_WENT,
    SUCCESS,
    DeletedByDeactivationError,
    Learn,
    Sending,
    may_be_deleted_by_us,
)
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import ConfirmedMembers, nobody
from provisor.scim.change import Change, element_of, may_outlive_its_parts
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, Unreadable
from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import MISSING, read
from provisor.scim.resource import same_key, same_value

ANOTHER = (
    "Not written: since its address was changed, {id} there is somebody else ({path} is {there}, not {here}). "
    "Unlink it, or put the former address back."
)
GONE = 410

FELL_BACK = "Deactivated instead of deleted: the application refused the DELETE ({status})."
DELETE_UNDONE = (
    "A DELETE was answered with success, and read back, the account was there and active as before"
)
DELETE_DEACTIVATED = "A DELETE was answered with success, and read back, the account was there and inactive"
ONLY_INACTIVE = (
    "Deactivated: the application answered the DELETE with success, and only set the account inactive."
)
INSTEAD = (
    "Deactivated instead of deleted: the application answered the DELETE with success and deleted nothing."
)
NOT_DELETED = "The application answered the DELETE with success, and read back, it is there as before. Delete it there by hand."
#: Seconds after which a deletion that is not seen is looked at once more: some applications take a moment.
SETTLING = 1.0


class ForeignResourceError(Exception):
    """The remote id belongs to somebody else."""


class Writing:
    """Writes of one pass. `learn` records a capability with its evidence."""

    def __init__(
        self,
        context: Context,
        client: ScimClient,
        lookup: Lookup,
        *,
        probation: Probation,
        learn: Learn,
        confirmed_members: ConfirmedMembers = nobody,
    ) -> None:
        self._context = context
        self._client = client
        self._lookup = lookup
        self._probation = probation
        self._learn = learn
        #: A DELETE was answered with success in this pass, and deleted nothing.
        self._no_delete = False
        self._sending = Sending(context, client, probation, learn=learn, confirmed_members=confirmed_members)

    async def update(self, work: Work) -> Outcome:
        """Send what differs; what is in doubt is read back first, so that nothing is added twice."""
        try:
            return await self._update(work)
        except DeletedByDeactivationError as gone:
            if _operation(work).act is Act.DEACTIVATE:
                return deleted(work)
            raise Refused(f"{INACTIVE_WENT}.", status=NOT_FOUND) from gone

    async def _update(self, work: Work) -> Outcome:
        link, operation = work.link, _operation(work)
        baseline = await self._baseline(work)
        if baseline is not None:
            operation = self._again(work, baseline)
        elif may_outlive_its_parts(operation.changes):
            operation = await self._sending.against_held(link, operation)
        try:
            answer = await self.send(link, operation)
        except Refused as refusal:
            if refusal.status != PRECONDITION_FAILED:
                raise
            answer = await self._send_again(work, operation)
        memory = link.memory if baseline is None else just_read(work.desired, baseline)
        sent = acknowledge(_values(work), memory.sent, operation.changes)
        observed = observe_part(work.desired, memory, sent, answer, operation.paths)
        outcome = confirmed(
            work, link.remote_id, link.origin or "created", sent, answer=answer, observed=observed
        )
        if not operation.changes:
            outcome.etag = link.etag
        return outcome

    async def _send_again(self, work: Work, operation: Operation) -> dict[str, Any] | None:
        """Somebody else has changed it: send the same, and nothing more, against what is there now.

        Where the version has been raised once more, it is read back before the next try.
        """
        anew = self._again(work, await self._read_back(work))
        elements = {element_of(change.path) for change in operation.changes}
        changes = tuple(change for change in anew.changes if element_of(change.path) in elements)
        try:
            return await self.send(work.link, replace(anew, changes=changes))
        except Refused as refusal:
            if refusal.status == PRECONDITION_FAILED:
                work.link.doubt = merge_doubt(intent_of(work), work.link.doubt)
            raise

    async def _baseline(self, work: Work) -> dict[str, Any] | None:
        """Read the resource where what is acknowledged is not to be trusted; None where it is."""
        if work.link.verified and not work.link.doubt:
            return None
        return await self._read_back(work)

    async def _read_back(self, work: Work) -> dict[str, Any]:
        """Read what the application holds; what is sent next goes against the version of that."""
        link = work.link
        assert link.remote_id is not None
        remote = await self._client.get(link.kind, link.remote_id, act="read_back", tag=link)
        if not link.verified:
            check_identity(self._context, work, remote)
        link.etag = etag_of(remote)
        managed = work.desired.managed if work.desired else frozenset(link.sent or ()) | {"active"}
        return baseline_of(remote, managed)

    def _again(self, work: Work, baseline: dict[str, Any]) -> Operation:
        """Plan the work anew against what was just read."""
        operation = _operation(work)
        if work.desired is None:
            changes = tuple(
                change for change in operation.changes
                if not same_value(change.path, baseline.get(change.path, MISSING), change.value)
            )  # fmt: skip
            return Operation(act=operation.act, kind=operation.kind, changes=changes, reason=operation.reason)
        known = Known(remote_id=work.link.remote_id, sent=baseline)
        plan = plan_present(operation.kind, work.desired, known, allowed(self._context, operation.kind))
        changes = plan.operation.changes if plan.operation is not None else ()
        return Operation(act=operation.act, kind=operation.kind, changes=changes, values=operation.values)

    async def send(
        self, link: DueLink, operation: Operation, *, remote_id: str | None = None
    ) -> dict[str, Any] | None:
        """Send changes to a resource; see `Sending.send`."""
        return await self._sending.send(link, operation, remote_id=remote_id)

    async def delete(self, work: Work) -> Outcome:
        """Delete, or deactivate where DELETE is refused; gone already is what was wanted, if we asked before."""
        if not work.link.verified:
            await self._baseline(work)
        kinds = (f"{work.link.kind} delete",)
        if self._probation.trusts(kinds) and not self._probation.samples():
            return await self._delete(work) or deleted(work)
        async with self._probation.lock(kinds[0]):
            return await self._delete(work) or await self._deleted(work, kinds)

    async def _delete(self, work: Work) -> Outcome | None:
        """Send the DELETE; returns what became of it where it was refused, or None."""
        link = work.link
        assert link.remote_id is not None
        if self._no_delete and link.kind == "user":
            return await self._deactivate_instead(work, INSTEAD)
        try:
            await self._client.delete(link.kind, link.remote_id, act=Act.DELETE, tag=link)
        except Refused as refusal:
            if refusal.status == NOT_FOUND and may_be_deleted_by_us(link, self._context.dialect):
                return deleted(work)
            if link.kind != "user" or refusal.status not in UNSUPPORTED | {FORBIDDEN}:
                raise
            if refusal.status in UNSUPPORTED:
                self._learn("delete_users", False, f"DELETE was answered with {refusal.status}.")
            return await self._deactivate_instead(work, FELL_BACK.format(status=refusal.status))
        return None

    async def _deleted(self, work: Work, kinds: Sequence[str]) -> Outcome:
        """Look whether what was deleted is gone; what is there still shows what a DELETE means here."""
        doubt = work.link.doubt
        work.link.doubt = merge_doubt(intent_of(work), doubt)
        remote = await self._still_there(work)
        work.link.doubt = doubt
        if remote is None:
            self._probation.good(kinds)
            return deleted(work)
        self._probation.doubt(kinds)
        if work.link.kind != "user":
            raise Refused(NOT_DELETED, status=SUCCESS)
        if as_boolean(read(remote, "active")) is False:
            self._learn("delete_means", "deactivate", DELETE_DEACTIVATED)
            return self._deactivated(work, ONLY_INACTIVE, remote)
        self._learn("delete_users", False, DELETE_UNDONE)
        self._no_delete = True
        return await self._deactivate_instead(work, INSTEAD)

    async def _still_there(self, work: Work) -> dict[str, Any] | None:
        """Read what was deleted, twice before it counts as there; None where it is gone, or cannot be read."""
        link = work.link
        assert link.remote_id is not None
        remote: dict[str, Any] = {}
        for wait in (0.0, SETTLING):
            try:
                if wait:
                    await asyncio.sleep(wait)
                remote = await self._client.get(link.kind, link.remote_id, act="read_back", tag=link)
            except Unreadable:
                return None
            except Refused as refusal:
                if refusal.status not in UNSUPPORTED | {NOT_FOUND, GONE, FORBIDDEN}:
                    raise
                return None
            if remote.get("id") != link.remote_id:
                return None
        return remote

    async def _deactivate_instead(self, work: Work, reason: str) -> Outcome:
        link = work.link
        change = Change(path="active", value=False, exists="active" in (link.sent or {}))
        operation = Operation(act=Act.DEACTIVATE, kind="user", changes=(change,))
        try:
            answer = await self.send(link, operation)
        except DeletedByDeactivationError:
            return deleted(work)
        except Refused as refused:
            if refused.status != PRECONDITION_FAILED:
                raise
            await self._read_back(work)
            answer = await self.send(link, operation)
        return self._deactivated(work, reason, answer)

    def _deactivated(self, work: Work, reason: str, answer: Mapping[str, Any] | None) -> Outcome:
        link = work.link
        sent = {**(link.sent or {}), "active": False}
        observed = observe_part(work.desired, link.memory, sent, answer, {"active"})
        outcome = confirmed(work, link.remote_id, link.origin, sent, answer=answer, observed=observed)
        outcome.state, outcome.reason = Ending.RELEASED.value, reason
        outcome.access, outcome.departed = "closed", True
        return outcome


def check_identity(context: Context, work: Work, remote: Mapping[str, Any]) -> None:
    """Raise ForeignResourceError where the resource is not the one that was linked."""
    expected: Mapping[str, Any] = work.link.sent or _values(work)
    for path in context.matching[work.link.kind]:
        if path in expected and not same_key(path, read(remote, path), expected[path]):
            sentence = ANOTHER.format(
                id=work.link.remote_id, path=path, there=read(remote, path), here=expected[path]
            )
            raise ForeignResourceError(sentence)


def _operation(work: Work) -> Operation:
    assert work.plan.operation is not None
    return work.plan.operation


def _values(work: Work) -> Mapping[str, Any]:
    return work.desired.values if work.desired else {}


def baseline_of(remote: Mapping[str, Any], managed: frozenset[str]) -> dict[str, Any]:
    """Return what the application holds for the managed paths."""
    values = {path: read(remote, path) for path in managed}
    return {path: value for path, value in values.items() if value is not MISSING and value is not None}


def confirmed(
    work: Work,
    remote_id: str | None,
    origin: str,
    sent: dict[str, Any],
    *,
    answer: Mapping[str, Any] | None,
    observed: Observed,
) -> Outcome:
    """Return the outcome of a write that the application confirmed."""
    link, plan = work.link, work.plan
    deactivated = plan.operation is not None and plan.operation.act is Act.DEACTIVATE
    # Where nobody mapped `active`, what was sent says nothing of it.
    access = "closed" if deactivated else _access(link, sent)
    return Outcome(
        work=work, confirmed=True, state=plan.ending.value, reason=plan.reason, remote_id=remote_id, origin=origin,
        sent=sent, observed=observed.values, unshown=observed.unshown, etag=etag_of(answer),
        access=access, linked=link.remote_id is None, next_phase=_next_phase(work), departed=access == "closed",
    )  # fmt: skip


def _access(link: DueLink, sent: Mapping[str, Any]) -> str:
    """Say whether the account went live or ceased to be, by what was confirmed."""
    if link.kind != "user":
        return ""
    was = link.remote_id is not None and as_boolean((link.sent or {}).get("active")) is True
    live = as_boolean(sent.get("active", True)) is True
    if was == live:
        return ""
    return "opened" if live else "closed"


def _next_phase(work: Work) -> Phase | None:
    """A group goes on to its members; a reference that waits is looked at again when the accounts are there."""
    if not work.link.in_scope:
        return None
    if work.link.kind == "group":
        return Phase.MEMBER_ADDITIONS
    return Phase.REFERENCES if work.plan.ending is Ending.WAITING else None


def deleted(work: Work) -> Outcome:
    """Return the outcome of a deletion that is confirmed: the link goes."""
    user = work.link.kind == "user"
    return Outcome(
        work=work, confirmed=True, gone=True, state=Ending.GONE.value,
        access="closed" if user else "", departed=user,
    )  # fmt: skip
