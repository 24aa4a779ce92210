"""Create one resource without ever making it twice: look up, adopt or POST, look up again after a doubt (R2)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from provisor.planning.operation import Act, Ending, Known
from provisor.planning.present import acknowledge, plan_present
from provisor.provisioning.context import Context
from provisor.provisioning.lookup import Found, Lookup
from provisor.provisioning.perform_write import Writing, baseline_of, confirmed
from provisor.provisioning.phases import Phase
from provisor.provisioning.settle import merge_doubt
from provisor.provisioning.take import intent_of
from provisor.provisioning.user_work import allowed
from provisor.provisioning.verdict import HaltedError, judge
from provisor.provisioning.work import DueLink, Outcome, Work
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.path import read
from provisor.scim.resource import build, same_key

#: Asks the database whether a remote id is linked already; the answer is the name of its holder, or empty.
Linked = Callable[[str, str], Awaitable[str]]
#: Tells the health of a failure, and says what it means for the link.
Failed = Callable[[Work, ScimFailure], Awaitable[Outcome]]

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
NO_ID = (
    "The application confirmed the creation without an id, and no account with the same {paths} is to be found. "
    "Nothing is created a second time: find it there by hand and link it."
)
SAME_ID = (
    "The application answered the creation with the id {id}, but that one is linked already to {holder}. "
    "An id that is given twice cannot be written to; find the new account there by hand and link it."
)
NOTHING_TO_ASK = (
    "A creation had no outcome, and it is not known any more by which {paths} to look for it. "
    "Find it there by hand, and take it away or link it."
)

#: Milliseconds after which a creation without an id is looked for once more.
UNSEEN_WAIT = 5_000


class Creation:
    """Creates or adopts resources in one pass."""

    def __init__(
        self, context: Context, client: ScimClient, lookup: Lookup, writing: Writing,
        *, linked: Linked, failed: Failed,
    ) -> None:  # fmt: skip
        self._context = context
        self._client = client
        self._lookup = lookup
        self._writing = writing
        self._linked = linked
        self._failed = failed
        #: Who took which remote id in this pass: the database may not know of it yet.
        self._claimed: dict[tuple[str, str], DueLink] = {}

    async def create(self, work: Work) -> Outcome:
        """Look up by the matching attributes; adopt what is there, else POST, where the switch allows it."""
        assert work.plan.operation is not None
        in_doubt = bool(work.link.doubt.get("create"))
        found = await self._find(work, fresh=in_doubt)
        if not found.certain:
            return refused(work, "conflict", found.reason)
        if found.resources:
            return await self._adopt(work, found, ours=found.posted)
        if work.plan.operation.act is Act.ADOPT:
            return refused(work, Ending.MISSING.value, work.plan.operation.reason)
        if work.link.doubt.get("unseen"):
            return refused(work, "conflict", NO_ID.format(paths=self._paths(work)))
        return await self._post(work)

    async def _find(self, work: Work, *, fresh: bool = False) -> Found:
        """Look up by what an earlier POST sent, then by what is wanted today: the two may differ by now."""
        return await self._find_each(work, [_values(work)], fresh=fresh)

    async def _find_each(self, work: Work, today: list[Mapping[str, Any]], *, fresh: bool) -> Found:
        link = work.link
        asked: list[Mapping[str, Any]] = []
        hits: dict[Any, Mapping[str, Any]] = {}
        first: Found | None = None
        for values in (*sent_before(link), *today):
            key = {path: values.get(path) for path in self._context.matching[link.kind]}
            if key in asked:
                continue
            asked.append(key)
            found = await self._lookup.find(link.kind, values, link, fresh=fresh)
            if not found.certain:
                return found
            if found.resources and first is None:
                first = replace(found, posted=_was_posted(link, values))
            hits |= {resource.get("id"): resource for resource in found.resources}
        return replace(first, resources=tuple(hits.values())) if first is not None else Found()

    async def _post(self, work: Work) -> Outcome:
        kind, link = work.link.kind, work.link
        body = build(kind, _values(work))
        if kind == "user" and self._context.dialect.password_required:
            body["password"] = secrets.token_urlsafe(24)
        work.posted = True
        try:
            answer = await self._client.create(kind, body, act=Act.CREATE, tag=link)
        except HaltedError:
            # it never left
            work.posted = False
            raise
        except ScimFailure as failure:
            work.posted = judge(failure, "").unknown
            if not self._is_duplicate(failure):
                raise
            work.posted = False
            return await self._exists_already(work, failure)
        identifier = _identifier(answer)
        if identifier is None:
            return await self._find_created(work)
        holder = self._claim_new(work, identifier)
        if holder:
            return refused(work, "conflict", SAME_ID.format(id=identifier, holder=holder))
        return confirmed(work, identifier, "created", dict(_values(work)), answer, body=body)

    def _is_duplicate(self, failure: ScimFailure) -> bool:
        duplicate = failure.status in self._context.dialect.duplicate_status
        return isinstance(failure, Refused) and (duplicate or failure.scim_type == "uniqueness")

    async def _claim(self, work: Work, identifier: str) -> str:
        """Take a remote id for this link; returns the name of whoever has it already, or an empty one."""
        return await self._linked(work.link.kind, identifier) or self._claim_new(work, identifier)

    def _claim_new(self, work: Work, identifier: str) -> str:
        """The same for an id that a POST has just returned: settlement refuses one that is linked already."""
        first = self._claimed.setdefault((work.link.kind, identifier), work.link)
        return "" if first.id == work.link.id else first.name

    async def _find_created(self, work: Work) -> Outcome:
        """The POST succeeded, but its answer does not say under which id."""
        found = await self._find(work, fresh=True)
        if found.resources:
            return await self._adopt(work, found, ours=True)
        outcome = refused(work, "due", NO_ID.format(paths=self._paths(work)))
        outcome.doubt, outcome.wait = {**(outcome.doubt or {}), "unseen": True}, UNSEEN_WAIT
        return outcome

    async def _exists_already(self, work: Work, refusal: ScimFailure) -> Outcome:
        """After a 409, look up singly: a listing or an earlier search may be older than the account."""
        found = await self._find(work, fresh=True)
        if found.resources:
            return await self._adopt(work, found, ours=found.posted)
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
        resources = found.resources
        value = " or ".join(dict.fromkeys(str(read(each, found.path)) for each in resources))
        if len(resources) > 1:
            own = [each for each in resources if _is_ours(each, work)]
            if len(own) != 1:
                return None, SEVERAL.format(count=len(resources), path=found.path, value=value)
            resources = tuple(own)
        resource = resources[0]
        identifier = _identifier(resource)
        if identifier is None:
            return None, NO_ID.format(paths=found.path)
        if not ours and found.path.lower().startswith("emails"):
            return None, BY_EMAIL.format(value=value, id=identifier)
        holder = await self._claim(work, identifier)
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
            failed = await self._failed(work, failure)
            outcome = confirmed(work, identifier, origin, baseline, None)
            outcome.reason, outcome.next_phase, outcome.wait = failure.sentence, work.link.phase, failed.wait
            if judge(failure, "").unknown:
                outcome.doubt = {"paths": [change.path for change in plan.operation.changes]}
            return outcome
        sent = acknowledge(work.desired.values, baseline, plan.operation.changes)
        return confirmed(work, identifier, origin, sent, answer)

    async def find_leaver(self, work: Work) -> Outcome:
        """Look up what a POST without an outcome may have made for somebody who has left meanwhile."""
        values = (work.link.sent or {}) if work.link.source is None else self._rendered(work)
        today = [values] if any(values.get(path) for path in self._context.matching[work.link.kind]) else []
        if not today and not sent_before(work.link):
            return refused(work, "conflict", NOTHING_TO_ASK.format(paths=self._paths(work)))
        found = await self._find_each(work, today, fresh=True)
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
    """Nothing is linked: what was in doubt before is so still, and what was posted just now is so, too."""
    doubt = doubt_of(work) if work.posted else work.link.doubt
    return Outcome(work=work, confirmed=False, state=state, reason=reason, doubt=doubt or None)


def doubt_of(work: Work) -> dict[str, Any] | None:
    """Return what may have changed there, if the work has no outcome; a creation only once its POST was handed over."""
    intent = intent_of(work)
    intent.pop("members", None)
    if not work.posted:
        intent.pop("create", None)
        intent.pop("as", None)
    operation = work.plan.operation
    if operation is not None and operation.act is Act.FIND_AND_DEPROVISION:
        # it only looks
        intent = {}
    return merge_doubt({name: value for name, value in intent.items() if value}, work.link.doubt) or None


def sent_before(link: DueLink) -> list[Mapping[str, Any]]:
    """Return the matching values of each earlier POST that has no outcome."""
    return list(link.doubt.get("as", ()))


def _was_posted(link: DueLink, values: Mapping[str, Any]) -> bool:
    """Whether an earlier POST without an outcome sent these values."""
    if not link.doubt.get("create"):
        return False
    before = sent_before(link)
    return not before or any(
        all(values.get(path) == value for path, value in each.items()) for each in before
    )


def _values(work: Work) -> Mapping[str, Any]:
    return work.desired.values if work.desired is not None else {}


def _identifier(resource: Mapping[str, Any] | None) -> str | None:
    identifier = resource.get("id") if resource else None
    return identifier if isinstance(identifier, str) and identifier else None


def _is_ours(resource: Mapping[str, Any], work: Work) -> bool:
    """Whether a resource carries the externalId that we would give it, or gave it."""
    owns = [values.get("externalId") for values in (*sent_before(work.link), _values(work))]
    return any(own and same_key("externalId", read(resource, "externalId"), own) for own in owns)
