"""Send changes to one resource in a form that the application takes, and prove the first ones by reading them back.

A form is "paths" or "pathless" (PATCH, see `patch_form`) or "put". A form that is refused, or answered with success
and not done, leads to the next one; what was found out is remembered as a capability (engine.md, section 5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from provisor.planning.operation import Operation
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.settle import merge_doubt
from provisor.provisioning.passes.verdict import FORBIDDEN, NOT_FOUND, UNSUPPORTED
from provisor.provisioning.passes.work import DueLink
from provisor.provisioning.perform.perform_forms import NO_VERB, Forms, etag_of, with_fact
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import ConfirmedMembers
from provisor.scim.change import Change, against
from provisor.scim.change_kinds import FORMED, Proof, holds, is_empty, kind_of, prove, takes_put
from provisor.scim.client import ScimClient
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused, Unreadable
from provisor.scim.path import read

SUCCESS = 200
BAD_REQUEST = 400
#: scimTypes that speak of the form of a PATCH; another form may say the same (RFC 7644, section 3.12).
FORM_REFUSED = frozenset({"invalidPath", "noTarget", "invalidSyntax"})
#: The element is not there, whatever the form: only a PUT can say what was meant.
NO_TARGET = "noTarget"

OVERLOOKED = (
    "The application answered {tried} with success, but read back, the old values stand ({paths}). Look whether its "
    "administrator lets the token write them, or leave them out of the mapping."
)
INACTIVE_WENT = "An account that was set inactive is not there any more (404): it was deleted"
NAMES = {"paths": "a PATCH with paths", "pathless": "a PATCH without paths", "put": "a PUT"}

Learn = Callable[[str, Any, str], None]


class DeletedByDeactivationError(Exception):
    """The account was set inactive, and is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One form that did not do it: what was left undone, or the refusal."""

    form: str
    changes: Sequence[Change]
    refusal: Refused | None = None

    @property
    def words(self) -> str:
        if self.refusal is not None:
            return f"{NAMES[self.form]} was refused with {self.refusal.status}"
        paths = ", ".join(change.path for change in self.changes)
        return f"{NAMES[self.form]} was answered with success and left {paths} as before"


class Sending:
    """Sends the changes of one pass. `learn` records a capability with its evidence."""

    def __init__(
        self,
        context: Context,
        client: ScimClient,
        probation: Probation,
        *,
        learn: Learn,
        confirmed_members: ConfirmedMembers,
    ) -> None:
        self._client = client
        self._probation = probation
        self._record = learn
        self._requests = Forms(context, client, probation, confirmed_members)

    @property
    def dialect(self) -> Dialect:
        """The dialect as this pass knows it by now."""
        return self._requests.dialect

    async def send(
        self, link: DueLink, operation: Operation, *, remote_id: str | None = None
    ) -> dict[str, Any] | None:
        """Send changes to a resource; returns what the application holds or answered, if that is known.

        Raises ScimFailure, and DeletedByDeactivationError where an account that was set inactive is gone.
        """
        target = remote_id or link.remote_id
        assert target is not None
        if not operation.changes:
            return None
        answer = await self._send_trusted(link, operation, target)
        if answer is not _UNPROVED:
            return answer  # type: ignore[return-value]  # the mark itself was ruled out
        async with self._probation.lock(f"{operation.kind} {operation.act}"):
            answer = await self._send_trusted(link, operation, target)
            if answer is not _UNPROVED:
                return answer  # type: ignore[return-value]  # as above
            return await self._prove(link, operation, target)

    async def against_held(self, link: DueLink, operation: Operation) -> Operation:
        """Return the operation as it must be said with what the application holds now, where that can be read."""
        assert link.remote_id is not None
        held = await self._read(link, operation, link.remote_id)
        return operation if held is None else replace(operation, changes=against(operation.changes, held))

    async def _send_trusted(self, link: DueLink, operation: Operation, target: str) -> object:
        """Send in a form that has earned its trust; `_UNPROVED`, and nothing is sent, where it has not."""
        form = (
            "put" if takes_put(self.dialect, operation.kind, operation.changes) else self.dialect.patch_form
        )
        kinds = kinds_of(operation, form)
        if not self._probation.trusts(kinds):
            return _UNPROVED
        try:
            answer = await self._requests.send(form, link, operation, target)
        except Refused as refusal:
            if form == "put" or not self._leads_on(operation, refusal):
                raise
            return await self._prove(link, operation, target, forms=("put",))
        if not self._probation.samples():
            return answer
        return await self._sample(link, operation, target, kinds)

    async def _sample(
        self, link: DueLink, operation: Operation, target: str, kinds: Sequence[str]
    ) -> dict[str, Any] | None:
        """Read a trusted write back; where it was not done, its kinds are on probation again."""
        doubt, link.doubt = link.doubt, _in_doubt(link, operation)
        after = await self._after(link, operation, target)
        link.doubt = doubt
        if after is None or not prove(operation.changes, None, after, link.sent or {}).overlooked:
            return after
        self._probation.doubt(kinds)
        return await self._prove(link, operation, target)

    def _leads_on(self, operation: Operation, refusal: Refused) -> bool:
        """Whether a refused PATCH may be said as a PUT; a verb that is not there is remembered."""
        if refusal.status in UNSUPPORTED:
            self._has_no("patch", operation.kind, refusal)
        elif refusal.status != BAD_REQUEST or refusal.scim_type not in FORM_REFUSED:
            return False
        return self.dialect.puts(operation.kind)

    def _has_no(self, verb: str, kind: str, refusal: Refused) -> None:
        evidence = f"{verb.upper()} was answered with {refusal.status}."
        self._learn(f"{verb}_{kind}s", value=False, evidence=evidence)

    # --- probation ------------------------------------------------------------------------------------------------

    async def _prove(
        self, link: DueLink, operation: Operation, target: str, *, forms: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """Send, read back, and try the next form where nothing has changed. A failure on the way leaves it in doubt."""
        doubt = link.doubt
        before = await self._read(link, operation, target)
        try:
            held = await self._try_forms(link, operation, target, forms or self._forms(operation), before)
        except DeletedByDeactivationError:
            link.doubt = doubt
            raise
        link.doubt = doubt
        return held

    async def _try_forms(
        self,
        link: DueLink,
        operation: Operation,
        target: str,
        forms: Sequence[str],
        before: dict[str, Any] | None,
    ) -> dict[str, Any] | None:
        tried: list[Tried] = []
        part = operation
        for form in forms:
            if form != "put" and not self.dialect.patches(operation.kind):
                continue
            try:
                answer = await self._requests.send(form, link, part, target, held=before)
            except Refused as refusal:
                self._next_form(part, form, tried, refusal)
                continue
            link.doubt = _in_doubt(link, operation)
            after = await self._after(link, part, target)
            if before is None or after is None:
                self._probation.good(kinds_of(part, form))
                return answer
            proof = prove(part.changes, before, after, link.sent or {})
            left = proof.overlooked
            self._note_good(part, form, proof)
            if not left:
                self._conclude(part, form, tried, after)
                return after
            tried.append(Tried(form=form, changes=left))
            part, before = replace(part, changes=against(left, after)), after
        return self._give_up(tried, before)

    def _next_form(self, operation: Operation, form: str, tried: list[Tried], refusal: Refused) -> None:
        """Note a refusal that speaks of the form; raise it where it speaks of the values."""
        if refusal.status in UNSUPPORTED:
            self._has_no("put" if form == "put" else "patch", operation.kind, refusal)
        elif form == "put" or refusal.status != BAD_REQUEST or refusal.scim_type not in {"", *FORM_REFUSED}:
            raise refusal
        tried.append(Tried(form=form, changes=operation.changes, refusal=refusal))

    def _note_good(self, operation: Operation, form: str, proof: Proof) -> None:
        done = tuple(change for change in operation.changes if kind_of(change) in proof.done)
        if done:
            self._probation.good(kinds_of(replace(operation, changes=done), form))

    def _conclude(
        self, operation: Operation, form: str, tried: Sequence[Tried], after: dict[str, Any]
    ) -> None:
        """Remember what the forms before did not do, now that another one did."""
        kind = operation.kind
        refused = any(one.refusal is not None for one in tried)
        proved = not refused or all(holds(change, after) for change in operation.changes)
        if not (tried and proved and self.dialect.patches(kind)) or any(_is_no_target(one) for one in tried):
            return
        evidence = f"{'; '.join(one.words for one in tried)}; {NAMES[form]} did it."
        evidence = evidence[0].upper() + evidence[1:]
        overlooked = {kind_of(change) for change in operation.changes}
        if form != "put":
            self._learn("patch_form", value=form, evidence=evidence)
        elif overlooked & FORMED and not self._patch_was_seen(kind):
            self._learn(f"patch_{kind}s", value=False, evidence=evidence)
        else:
            instead = {*self.dialect.put_instead, *(f"{kind} {each}" for each in overlooked)}
            self._learn("put_instead", value=sorted(instead), evidence=evidence)

    def _patch_was_seen(self, kind: str) -> bool:
        return self._probation.has_seen(f"{kind} {each} {self.dialect.patch_form}" for each in FORMED)

    def _give_up(self, tried: Sequence[Tried], held: dict[str, Any] | None) -> dict[str, Any] | None:
        """No form did it: what the application holds no value of, it drops; what it keeps, it was asked to change."""
        overlooked = [one for one in tried if one.refusal is None]
        if not overlooked:
            raise next((one.refusal for one in tried if one.refusal), None) or Refused(NO_VERB, status=501)
        changes = overlooked[-1].changes
        standing = [change for change in changes if not is_empty(read(held or {}, change.path))]
        if not standing:
            return held
        paths = ", ".join(f"{change.path} is {_shown(held, change)}" for change in standing)
        names = " and ".join(NAMES[one.form] for one in overlooked)
        raise Refused(OVERLOOKED.format(tried=names, paths=paths), status=SUCCESS)

    def _learn(self, name: str, *, value: Any, evidence: str) -> None:
        """Remember a fact from now on, in this pass and beyond."""
        settled = tuple(value) if isinstance(value, list) else value
        if getattr(self.dialect, name) != settled:
            self._requests.dialect = with_fact(self.dialect, name, settled)
            self._record(name, value, evidence)

    def _forms(self, operation: Operation) -> list[str]:
        """The forms in which the changes can be said, the best known first."""
        dialect, kind = self.dialect, operation.kind
        if takes_put(dialect, kind, operation.changes):
            return ["put"]
        forms: list[str] = [dialect.patch_form]
        formed = any(kind_of(change) in FORMED for change in operation.changes)
        if formed and not any(self._patch_was_seen(each) for each in ("user", "group")):
            forms.append("pathless" if dialect.patch_form == "paths" else "paths")
        return [*forms, "put"] if dialect.puts(kind) else forms

    # --- requests -------------------------------------------------------------------------------------------------

    async def _read(self, link: DueLink, operation: Operation, target: str) -> dict[str, Any] | None:
        """Read the resource; None where the application does not let it be read."""
        try:
            remote = await self._client.get(operation.kind, target, act="read_back", tag=link)
        except Unreadable:
            return None
        except Refused as refusal:
            if refusal.status not in UNSUPPORTED | {FORBIDDEN}:
                raise
            return None
        if remote.get("id") != target:
            return None
        link.etag = etag_of(remote)
        return remote

    async def _after(self, link: DueLink, operation: Operation, target: str) -> dict[str, Any] | None:
        """Read back what was written. An account that is gone after it was set inactive says what that means here."""
        try:
            return await self._read(link, operation, target)
        except Refused as refusal:
            deactivated = any(
                change.path == "active" and change.value is False for change in operation.changes
            )
            if refusal.status != NOT_FOUND or not deactivated:
                raise
            self._learn("active_false_means", value="delete", evidence=INACTIVE_WENT)
            raise DeletedByDeactivationError from refusal


def may_be_deleted_by_us(link: DueLink, dialect: Dialect) -> bool:
    """Whether a DELETE, or a deactivation where that deletes, was sent for it and never answered."""
    by_deactivation = dialect.active_false_means == "delete" and "active" in link.doubt.get("paths", ())
    return bool(link.doubt.get("delete")) or by_deactivation


class _Unproved:
    """The mark for a write that was not sent, since its kind is on probation."""


_UNPROVED = _Unproved()


def kinds_of(operation: Operation, form: str) -> tuple[str, ...]:
    """Under which names the trust in a write is kept; what reads the same in both forms of PATCH has one name."""
    kind = operation.kind
    kinds = dict.fromkeys(kind_of(change) for change in operation.changes)
    if form == "put":
        # what a PUT says is one thing, what an inactive account comes to is another
        return (f"{kind} put", f"{kind} deactivation put") if "deactivation" in kinds else (f"{kind} put",)
    return tuple(f"{kind} {each} {form if each in FORMED else 'paths'}" for each in kinds)


def _in_doubt(link: DueLink, operation: Operation) -> dict[str, Any]:
    return merge_doubt({"paths": [change.path for change in operation.changes]}, link.doubt)


def _is_no_target(one: Tried) -> bool:
    return one.refusal is not None and one.refusal.scim_type == NO_TARGET


def _shown(held: dict[str, Any] | None, change: Change) -> str:
    return f'"{str(read(held or {}, change.path))[:80]}"'
