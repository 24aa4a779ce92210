"""Create one resource without ever making it twice: look up, adopt or POST, look up again after a doubt (R2)."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from provisor.planning.observed import Observed, just_read, observe_part, observe_whole
from provisor.planning.operation import Act, Ending, Known
from provisor.planning.present import acknowledge, plan_present
from provisor.provisioning.bundle.referring import Referring
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.managers import Accounts
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.take import UNSUPPORTED as NOT_IN_SCIM
from provisor.provisioning.passes.user_work import allowed
from provisor.provisioning.passes.verdict import NOT_FOUND, UNSUPPORTED, HaltedError, judge
from provisor.provisioning.passes.work import DueLink, Outcome, Work
from provisor.provisioning.perform.lookup import Found, Lookup
from provisor.provisioning.perform.perform_create_words import (
    BY_EMAIL,
    EXISTS,
    NO_GROUPS,
    NO_ID,
    NOT_PROVED,
    NOT_THERE,
    NOTHING_TO_ASK,
    SAME_ID,
    SEVERAL,
    TAKEN,
)
from provisor.provisioning.perform.perform_doubt import (
    IDENTIFYING,
    identifier_of,
    is_ours,
    is_proved,
    refused,
    sent_before,
    wanted_values,
    was_posted,
)
from provisor.provisioning.perform.perform_forms import etag_of
from provisor.provisioning.perform.perform_send import DeletedByDeactivationError, Learn
from provisor.provisioning.perform.perform_write import SETTLING, Writing, baseline_of, confirmed, deleted
from provisor.provisioning.perform.probation import Probation
from provisor.scim.client import Located, ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.path import read
from provisor.scim.resource import build

#: Asks the database whether a remote id is linked already; the answer is the name of its holder, or empty.
Linked = Callable[[str, str], Awaitable[str]]
#: Tells the health of a failure, and says what it means for the link.
Failed = Callable[[Work, ScimFailure], Awaitable[Outcome]]

#: Statuses that say: there is no such thing here.
NOT_OFFERED = UNSUPPORTED | {NOT_FOUND}
#: The result of reading back what is not there.
ABSENT: Mapping[str, Any] = {}

#: Milliseconds after which a creation without an id is looked for once more.
UNSEEN_WAIT = 5_000


class Creation:
    """Creates or adopts resources in one pass."""

    def __init__(
        self, context: Context, client: ScimClient, lookup: Lookup, writing: Writing,
        *, probation: Probation, learn: Learn, linked: Linked, failed: Failed, referring: Referring,
        made: Callable[[str, Mapping[str, Any]], None],
    ) -> None:  # fmt: skip
        self._context = context
        self._client = client
        self._lookup = lookup
        self._writing = writing
        self._probation = probation
        self._learn = learn
        #: The application turned out in this pass to have no groups.
        self._no_groups = False
        self._linked = linked
        self._failed = failed
        self._referring = referring
        #: Told of each group that was made and read back.
        self._made = made
        #: Who took which remote id in this pass: the database may not know of it yet.
        self._claimed: dict[tuple[str, str], DueLink] = {}
        self._accounts = Accounts()

    async def create(self, work: Work) -> Outcome:
        """Look up by the matching attributes; adopt what is there, else POST, where the switch allows it."""
        if self._no_groups and work.link.kind == "group":
            return refused(work, Ending.MISSING.value, NOT_IN_SCIM["group"])
        try:
            outcome = await self._create(work)
        finally:
            self._referring.leave(work)
        if outcome.linked and outcome.remote_id is not None and work.link.kind == "user":
            self._accounts.add(work.link.local_id, outcome.remote_id)
        return outcome

    async def _create(self, work: Work) -> Outcome:
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
            return refused(work, "conflict", self._unseen(work))
        return await self._post_on_trial(work)

    async def _post_on_trial(self, work: Work) -> Outcome:
        """The first creations are read back, one after the other; later ones are sampled."""
        if not self._is_trusted(work):
            async with self._probation.lock(f"{work.link.kind} create"):
                # meanwhile others have earned it, or whom it was to name has gone without it
                if not self._is_trusted(work):
                    return await self._post(work, prove=True)
        return await self._post(work, prove=self._probation.samples())

    def _is_trusted(self, work: Work) -> bool:
        return self._probation.trusts(self._referring.kinds(work))

    async def _find(self, work: Work, *, fresh: bool = False) -> Found:
        """Look up by what an earlier POST sent, then by what is wanted today: the two may differ by now."""
        if not fresh and (
            work.absent or self._lookup.is_absent_by_listing(work.link.kind, wanted_values(work))
        ):
            return Found()
        return await self._find_each(work, [wanted_values(work)], fresh=fresh)

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
                first = replace(found, posted=was_posted(link, values))
            hits |= {resource.get("id"): resource for resource in found.resources}
        return replace(first, resources=tuple(hits.values())) if first is not None else Found()

    def _unseen(self, work: Work) -> str:
        """Why nothing is made a second time, though nothing is to be found."""
        identifier = work.link.doubt.get("unseen")
        sentence = NOT_THERE if isinstance(identifier, str) else NO_ID
        return sentence.format(paths=self._paths(work), id=identifier)

    async def _post(self, work: Work, *, prove: bool) -> Outcome:
        kind = work.link.kind
        self._accounts.refer(self._context, work)
        body = build(kind, wanted_values(work))
        if kind == "user" and self._context.dialect.password_required:
            body["password"] = secrets.token_urlsafe(24)
        work.posted = True
        try:
            answer = await self._referring.create(work, body)
        except HaltedError:
            # it never left
            work.posted = False
            raise
        except ScimFailure as failure:
            work.posted = judge(failure, "").unknown
            if kind == "group" and failure.status in NOT_OFFERED and await self._has_no_groups(failure):
                return refused(work, Ending.MISSING.value, NOT_IN_SCIM["group"])
            if not self._is_duplicate(failure):
                raise
            work.posted = False
            return await self._exists_already(work, failure)
        identifier = identifier_of(answer)
        if identifier is None:
            return await self._find_created(work)
        holder = self._claim_new(work, identifier)
        if holder:
            return refused(work, "conflict", SAME_ID.format(id=identifier, holder=holder))
        seen = await self._read_created(work, identifier) if prove else None
        if seen == ABSENT:
            outcome = refused(work, "due", NOT_THERE.format(paths=self._paths(work), id=identifier))
            outcome.doubt, outcome.wait = {**(outcome.doubt or {}), "unseen": identifier}, UNSEEN_WAIT
            return outcome
        self._tell(work, identifier, seen)
        held = seen or (None if isinstance(answer, Located) else answer)
        sent = dict(wanted_values(work))
        outcome = confirmed(
            work,
            identifier,
            "created",
            sent,
            answer=held,
            observed=observe_whole(work.desired, sent, held, body),
        )
        outcome.etag = outcome.etag or etag_of(answer)
        problem = await self._referring.conclude(work, identifier, seen, asked=prove)
        if problem:
            outcome.state, outcome.reason, outcome.next_phase = "conflict", problem, None
        return outcome

    def _tell(self, work: Work, identifier: str, seen: Mapping[str, Any] | None) -> None:
        """Who is in a new group need not be read again before its members are sent."""
        if seen and work.link.kind == "group" and not work.newcomers:
            self._made(identifier, seen)

    async def _read_created(self, work: Work, identifier: str) -> Mapping[str, Any] | None:
        """Read what was just made, `ABSENT` where it is not there; None where nothing can be told: the id is kept."""
        kind = work.link.kind
        for wait in (0.0, SETTLING):
            try:
                if wait:
                    await asyncio.sleep(wait)
                seen = await self._client.get(kind, identifier, act="read_back", tag=work.link)
            except HaltedError:
                return None
            except ScimFailure as failure:
                if failure.status != NOT_FOUND:
                    return None
            else:
                self._probation.good([f"{kind} create"])
                return seen if seen.get("id") == identifier else None
        return ABSENT

    async def _has_no_groups(self, failure: ScimFailure) -> bool:
        """Whether a refused creation of a group means that the application has no groups: then none can be listed."""
        try:
            async for _ in self._client.pages("group", act="probe"):
                return False
        except Refused as refusal:
            if refusal.status in NOT_OFFERED:
                self._learn("groups", False, NO_GROUPS.format(post=failure.status, get=refusal.status))
                self._no_groups = True
        return self._no_groups

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
            own = [each for each in resources if is_ours(each, work)]
            if len(own) != 1:
                return None, SEVERAL.format(count=len(resources), path=found.path, value=value)
            resources = tuple(own)
        resource = resources[0]
        identifier = identifier_of(resource)
        if identifier is None:
            return None, NO_ID.format(paths=found.path)
        if ours and not is_proved(resource, work):
            names = " nor its ".join(IDENTIFYING[work.link.kind])
            return None, NOT_PROVED.format(path=found.path, value=value, id=identifier, names=names)
        if not ours and found.path.lower().startswith("emails"):
            return None, BY_EMAIL.format(value=value, id=identifier)
        holder = await self._claim(work, identifier)
        if holder:
            return None, TAKEN.format(id=identifier, path=found.path, value=value, holder=holder)
        return resource, ""

    async def _bring_up_to_date(self, work: Work, resource: Mapping[str, Any], origin: str) -> Outcome:
        """Send what differs from what was found. The link is kept even where that write fails."""
        self._accounts.refer(self._context, work)
        assert work.desired is not None
        identifier = identifier_of(resource)
        baseline = baseline_of(resource, work.desired.managed)
        known, memory = Known(remote_id=identifier, sent=baseline), just_read(work.desired, baseline)
        plan = plan_present(work.link.kind, work.desired, known, allowed(self._context, work.link.kind))
        if plan.operation is None:
            return confirmed(
                work, identifier, origin, baseline, answer=None, observed=Observed(values=memory.observed)
            )
        try:
            answer = await self._writing.send(work.link, plan.operation, remote_id=identifier)
        except DeletedByDeactivationError:
            return deleted(work)
        except ScimFailure as failure:
            failed = await self._failed(work, failure)
            outcome = confirmed(
                work, identifier, origin, baseline, answer=None, observed=Observed(values=memory.observed)
            )
            outcome.reason, outcome.next_phase, outcome.wait = failure.sentence, work.link.phase, failed.wait
            if judge(failure, "").unknown or work.link.doubt.get("paths"):
                outcome.doubt = {"paths": [change.path for change in plan.operation.changes]}
            return outcome
        sent = acknowledge(work.desired.values, baseline, plan.operation.changes)
        observed = observe_part(work.desired, memory, sent, answer, plan.operation.paths)
        return confirmed(work, identifier, origin, sent, answer=answer, observed=observed)

    async def find_leaver(self, work: Work) -> Outcome:
        """Look up what a POST without an outcome may have made for somebody who has left meanwhile."""
        before = sent_before(work.link)
        if not any(each.get(path) for each in before for path in self._context.matching[work.link.kind]):
            return refused(work, "conflict", NOTHING_TO_ASK.format(paths=self._paths(work)))
        found = await self._find_each(work, [], fresh=True)
        if not found.certain:
            return refused(work, "conflict", found.reason)
        if not found.resources:
            return Outcome(work=work, confirmed=True, gone=True, state=Ending.GONE.value)
        resource, problem = await self._choose(work, found, ours=True)
        if resource is None:
            return refused(work, "conflict", problem)
        managed = self._context.mappings[work.link.kind].managed
        held = baseline_of(resource, managed)
        outcome = confirmed(
            work, identifier_of(resource), "created", held, answer=None, observed=Observed(values={})
        )
        outcome.next_phase = Phase.ACCOUNT_REMOVALS if work.link.kind == "user" else Phase.GROUP_DELETIONS
        return outcome
