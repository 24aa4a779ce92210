"""Change or delete one linked resource: PATCH, or GET and PUT, in the form the application takes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from provisor.planning.operation import Act, Ending, Known, Operation
from provisor.planning.present import acknowledge, plan_present
from provisor.provisioning.context import Context
from provisor.provisioning.lookup import Lookup
from provisor.provisioning.phases import Phase
from provisor.provisioning.put_members import ConfirmedMembers, members_of, nobody
from provisor.provisioning.settle import merge_doubt
from provisor.provisioning.take import intent_of
from provisor.provisioning.user_work import allowed
from provisor.provisioning.verdict import FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED, UNSUPPORTED
from provisor.provisioning.work import DueLink, Outcome, Work
from provisor.scim.change import Change, element_of, overlay
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused
from provisor.scim.patch import patch_bodies
from provisor.scim.path import MISSING, read
from provisor.scim.resource import same_key, same_value

BAD_REQUEST = 400
#: scimTypes that speak of the form of a PATCH; a PUT may say the same in another form (RFC 7644, section 3.12).
FORM_REFUSED = frozenset({"invalidPath", "noTarget", "invalidSyntax"})

NO_VERB = "Not sent: the application takes neither PATCH nor PUT for this kind of resource."
ANOTHER = (
    "Not written: since its address was changed, {id} there is somebody else ({path} is {there}, not {here}). "
    "Unlink it, or put the former address back."
)
FELL_BACK = "Deactivated instead of deleted: the application refused the DELETE ({status})."

Learn = Callable[[str, Any, str], None]


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
        learn: Learn,
        confirmed_members: ConfirmedMembers = nobody,
    ) -> None:
        self._context = context
        self._client = client
        self._lookup = lookup
        self._learn = learn
        self._confirmed_members = confirmed_members
        self._patches = {"user": context.dialect.patch_users, "group": context.dialect.patch_groups}
        self._deletes = {"user": context.dialect.delete_users, "group": context.dialect.delete_groups}

    async def update(self, work: Work) -> Outcome:
        """Send what differs; what is in doubt is read back first, so that nothing is added twice."""
        link, operation = work.link, _operation(work)
        baseline = await self._baseline(work)
        if baseline is not None:
            operation = self._again(work, baseline)
        try:
            answer = await self.send(link, operation)
        except Refused as refusal:
            if refusal.status != PRECONDITION_FAILED:
                raise
            answer = await self._send_again(work, operation)
        sent = acknowledge(_values(work), baseline if baseline is not None else link.sent, operation.changes)
        outcome = confirmed(work, link.remote_id, link.origin or "created", sent, answer)
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
        """Send changes to a resource; returns what the application answered, if it answered with a resource."""
        target = remote_id or link.remote_id
        assert target is not None
        if not operation.changes:
            return None
        if self._patches[operation.kind]:
            try:
                return await self._patch(link, operation, target)
            except Refused as refusal:
                if not self._may_put(operation.kind, refusal):
                    raise
        return await self._put(link, operation, target)

    def _may_put(self, kind: str, refusal: Refused) -> bool:
        """Whether PUT may say what PATCH could not; a verb that is not there is remembered."""
        puts = self._context.dialect.puts(kind)
        if refusal.status in UNSUPPORTED:
            self._patches[kind] = False
            self._learn(f"patch_{kind}s", False, f"PATCH was answered with {refusal.status}.")
            return puts
        return puts and refusal.status == BAD_REQUEST and refusal.scim_type in FORM_REFUSED

    async def _patch(self, link: DueLink, operation: Operation, target: str) -> dict[str, Any] | None:
        answer = None
        etag = link.etag if self._context.dialect.etag else ""
        for body in patch_bodies(operation.changes, self._context.dialect, operation.kind):
            answer = await self._client.patch(
                operation.kind, target, body, etag=etag, act=operation.act, tag=link
            )
            etag = ""
        return answer

    async def _put(self, link: DueLink, operation: Operation, target: str) -> dict[str, Any] | None:
        if not self._context.dialect.puts(operation.kind):
            raise Refused(NO_VERB, status=501)
        remote = await self._client.get(operation.kind, target, act=operation.act, tag=link)
        etag = etag_of(remote) if self._context.dialect.etag else ""
        body = overlay(remote, operation.changes, operation.kind)
        if operation.kind == "group":
            await self._keep_members(link, remote, body)
        return await self._client.put(operation.kind, target, body, etag=etag, act=operation.act, tag=link)

    async def _keep_members(self, link: DueLink, remote: Mapping[str, Any], body: dict[str, Any]) -> None:
        """A PUT of a group's attributes carries its members, whether they are shown or not (R6)."""
        if self._context.dialect.put_partial and not body.get("members"):
            body.pop("members", None)
            return
        body["members"] = await members_of(self._context, link, remote, self._confirmed_members)

    async def delete(self, work: Work) -> Outcome:
        """Delete, or deactivate where DELETE is refused; gone already is what was wanted, if we asked before."""
        link = work.link
        assert link.remote_id is not None
        if not link.verified:
            await self._baseline(work)
        try:
            await self._client.delete(link.kind, link.remote_id, act=Act.DELETE, tag=link)
        except Refused as refusal:
            if refusal.status == NOT_FOUND and link.doubt.get("delete"):
                return deleted(work)
            if link.kind != "user" or refusal.status not in UNSUPPORTED | {FORBIDDEN}:
                raise
            return await self._deactivate_instead(work, refusal)
        return deleted(work)

    async def _deactivate_instead(self, work: Work, refusal: Refused) -> Outcome:
        if refusal.status in UNSUPPORTED:
            self._learn("delete_users", False, f"DELETE was answered with {refusal.status}.")
        link = work.link
        change = Change(path="active", value=False, exists="active" in (link.sent or {}))
        operation = Operation(act=Act.DEACTIVATE, kind="user", changes=(change,))
        try:
            answer = await self.send(link, operation)
        except Refused as refused:
            if refused.status != PRECONDITION_FAILED:
                raise
            await self._read_back(work)
            answer = await self.send(link, operation)
        sent = {**(link.sent or {}), "active": False}
        outcome = confirmed(work, link.remote_id, link.origin, sent, answer)
        outcome.state = Ending.RELEASED.value
        outcome.reason = FELL_BACK.format(status=refusal.status)
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


def differing(
    answer: Mapping[str, Any] | None, sent: Mapping[str, Any], body: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return what the application returned otherwise than it was sent: normalised, dropped, its own (engine.md, 2).

    `body` is what was sent as a whole: when the answer holds it unchanged, nothing needs to be compared singly.
    """
    if answer is None or (body is not None and _holds(answer, body)):
        return None
    returned = ((path, read(answer, path), value) for path, value in sent.items())
    return {
        path: None if there is MISSING else there
        for path, there, value in returned
        if there is MISSING or not same_value(path, there, value)
    }


def _holds(answer: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    return all(answer.get(name) == value for name, value in body.items() if name != "schemas")


def confirmed(
    work: Work,
    remote_id: str | None,
    origin: str,
    sent: dict[str, Any],
    answer: Mapping[str, Any] | None,
    *,
    body: Mapping[str, Any] | None = None,
) -> Outcome:
    """Return the outcome of a write that the application confirmed."""
    link, plan = work.link, work.plan
    deactivated = plan.operation is not None and plan.operation.act is Act.DEACTIVATE
    return Outcome(
        work=work, confirmed=True, state=plan.ending.value, reason=plan.reason, remote_id=remote_id, origin=origin,
        sent=sent, observed=differing(answer, sent, body), etag=etag_of(answer), access=_access(link, sent),
        linked=link.remote_id is None, next_phase=_next_phase(work), departed=deactivated,
    )  # fmt: skip


def etag_of(answer: Mapping[str, Any] | None) -> str:
    meta = answer.get("meta") if answer else None
    version = meta.get("version") if isinstance(meta, Mapping) else None
    return version if isinstance(version, str) else ""


def _access(link: DueLink, sent: Mapping[str, Any]) -> str:
    """Say whether the account went live or ceased to be, by what was confirmed."""
    if link.kind != "user":
        return ""
    was, live = (
        link.remote_id is not None and (link.sent or {}).get("active") is True,
        sent.get("active", True) is True,
    )
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
