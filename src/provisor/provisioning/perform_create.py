"""Create one resource without ever making it twice: look up, adopt or POST, look up again after a doubt (R2)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provisor.planning.operation import Act, Ending, Known
from provisor.planning.present import acknowledge, plan_present
from provisor.provisioning.context import Context
from provisor.provisioning.lookup import Found, Lookup
from provisor.provisioning.perform_write import Writing, baseline_of, confirmed
from provisor.provisioning.phases import Phase
from provisor.provisioning.user_work import allowed
from provisor.provisioning.work import Outcome, Work
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.path import read
from provisor.scim.resource import build, same_key

#: Asks the database whether a remote id is linked already; the answer is the name of its holder, or empty.
Linked = Callable[[str, str], Awaitable[str]]

SEVERAL = "The application has {count} accounts whose {path} is {value}. A person must say which one it is; nothing is written until then."
BY_EMAIL = (
    "The application has an account with the e-mail address {value} (id {id}). An address alone never links an account "
    "by itself, since addresses are given to others: link it by hand, or exclude the user."
)
TAKEN = (
    "The application's account {id} has the {path} {value}, but it is linked already to {holder}. "
    "Unlink that one first, or give one of the two another {path}."
)
EXISTS = (
    "The application says that it exists already ({status}), but no account with the same {paths} is to be found: "
    "{detail} Find it there by hand and link it, or give the user another value."
)
NO_ID = "The application confirmed the creation without an id, and no account with the same {paths} is to be found yet."


class Creation:
    """Creates or adopts resources in one pass."""

    def __init__(
        self, context: Context, client: ScimClient, lookup: Lookup, writing: Writing, *, linked: Linked
    ) -> None:
        self._context = context
        self._client = client
        self._lookup = lookup
        self._writing = writing
        self._linked = linked

    async def create(self, work: Work) -> Outcome:
        """Look up by the matching attributes; adopt what is there, else POST, where the switch allows it."""
        assert work.plan.operation is not None
        in_doubt = bool(work.link.doubt.get("create"))
        found = await self._find(work, fresh=in_doubt)
        if not found.certain:
            return refused(work, "conflict", found.reason)
        if found.resources:
            return await self._adopt(work, found, ours=in_doubt)
        if work.plan.operation.act is Act.ADOPT:
            return refused(work, Ending.MISSING.value, work.plan.operation.reason)
        return await self._post(work)

    async def _find(self, work: Work, *, fresh: bool = False) -> Found:
        return await self._lookup.find(work.link.kind, _values(work), work.link, fresh=fresh)

    async def _post(self, work: Work) -> Outcome:
        kind, link = work.link.kind, work.link
        body = build(kind, _values(work))
        if kind == "user" and self._context.dialect.password_required:
            body["password"] = secrets.token_urlsafe(24)
        try:
            answer = await self._client.create(kind, body, act=Act.CREATE, tag=link)
        except Refused as refusal:
            if (
                refusal.status not in self._context.dialect.duplicate_status
                and refusal.scim_type != "uniqueness"
            ):
                raise
            return await self._exists_already(work, refusal)
        identifier = _identifier(answer)
        if identifier is None:
            return await self._find_created(work)
        return confirmed(work, identifier, "created", dict(_values(work)), answer, body=body)

    async def _find_created(self, work: Work) -> Outcome:
        """The POST succeeded, but its answer does not say under which id."""
        found = await self._find(work, fresh=True)
        if found.resources:
            return await self._adopt(work, found, ours=True)
        outcome = refused(work, "due", NO_ID.format(paths=self._paths(work)))
        outcome.doubt, outcome.wait = {"create": True}, 5_000
        return outcome

    async def _exists_already(self, work: Work, refusal: Refused) -> Outcome:
        """After a 409, look up singly: a listing or an earlier search may be older than the account."""
        found = await self._find(work, fresh=True)
        if found.resources:
            return await self._adopt(work, found, ours=bool(work.link.doubt.get("create")))
        reason = EXISTS.format(status=refusal.status, paths=self._paths(work), detail=refusal.detail)
        return refused(work, "conflict", reason)

    def _paths(self, work: Work) -> str:
        return " or ".join(self._context.matching[work.link.kind])

    async def _adopt(self, work: Work, found: Found, *, ours: bool) -> Outcome:
        """Link what was found. `ours`: an earlier POST without an outcome made it."""
        resource, problem = await self._choose(work, found, ours=ours)
        if resource is None:
            return refused(work, "conflict", problem)
        origin = "created" if ours else "adopted"
        return await self._bring_up_to_date(work, resource, origin)

    async def _choose(self, work: Work, found: Found, *, ours: bool) -> tuple[Mapping[str, Any] | None, str]:
        """Return the one resource to link, or why there is none."""
        value = _values(work).get(found.path)
        resources = found.resources
        if len(resources) > 1:
            own = [r for r in resources if _is_ours(r, _values(work))]
            if len(own) != 1:
                return None, SEVERAL.format(count=len(resources), path=found.path, value=value)
            resources = tuple(own)
        resource = resources[0]
        identifier = _identifier(resource)
        if identifier is None:
            return None, NO_ID.format(paths=found.path)
        if not ours and found.path.lower().startswith("emails"):
            return None, BY_EMAIL.format(value=value, id=identifier)
        holder = await self._linked(work.link.kind, identifier)
        if holder:
            return None, TAKEN.format(id=identifier, path=found.path, value=value, holder=holder)
        return resource, ""

    async def _bring_up_to_date(self, work: Work, resource: Mapping[str, Any], origin: str) -> Outcome:
        """Send what differs from what was found. The link is kept even where that write fails."""
        assert work.desired is not None
        identifier = _identifier(resource)
        baseline = baseline_of(resource, work.desired.managed)
        known = Known(remote_id=identifier, sent=baseline)
        plan = plan_present(work.link.kind, work.desired, known, allowed(self._context, work.link.kind))
        if plan.operation is None:
            return confirmed(work, identifier, origin, baseline, None)
        try:
            answer = await self._writing.send(work.link, plan.operation, remote_id=identifier)
        except ScimFailure as failure:
            outcome = confirmed(work, identifier, origin, baseline, None)
            outcome.reason, outcome.next_phase = failure.sentence, work.link.phase
            return outcome
        sent = acknowledge(work.desired.values, baseline, plan.operation.changes)
        return confirmed(work, identifier, origin, sent, answer)

    async def find_leaver(self, work: Work) -> Outcome:
        """Look up what a POST without an outcome may have made for somebody who has left meanwhile."""
        values = (work.link.sent or {}) if work.link.source is None else self._rendered(work)
        found = await self._lookup.find(work.link.kind, values, work.link, fresh=True)
        if not found.certain:
            return refused(work, "conflict", found.reason)
        if not found.resources:
            return Outcome(work=work, confirmed=True, gone=True, state=Ending.GONE.value)
        resource, problem = await self._choose(work, found, ours=True)
        if resource is None:
            return refused(work, "conflict", problem)
        managed = self._context.mappings[work.link.kind].managed
        outcome = confirmed(work, _identifier(resource), "created", baseline_of(resource, managed), None)
        outcome.next_phase = Phase.ACCOUNT_REMOVALS if work.link.kind == "user" else Phase.GROUP_DELETIONS
        return outcome

    def _rendered(self, work: Work) -> Mapping[str, Any]:
        assert work.link.source is not None
        return self._context.mappings[work.link.kind].render(work.link.source, work.link.references).values


def refused(work: Work, state: str, reason: str) -> Outcome:
    return Outcome(work=work, confirmed=False, state=state, reason=reason)


def _values(work: Work) -> Mapping[str, Any]:
    return work.desired.values if work.desired is not None else {}


def _identifier(resource: Mapping[str, Any] | None) -> str | None:
    identifier = resource.get("id") if resource else None
    return identifier if isinstance(identifier, str) and identifier else None


def _is_ours(resource: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a resource carries the externalId that we would give it."""
    own = values.get("externalId")
    return bool(own) and same_key("externalId", read(resource, "externalId"), own)
