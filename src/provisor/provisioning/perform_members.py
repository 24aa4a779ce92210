"""Send a group's member deltas in chunks, with progress kept per chunk (R6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning import group_work
from provisor.provisioning.context import Context
from provisor.provisioning.perform_write import Learn, check_identity, etag_of
from provisor.provisioning.phases import Phase
from provisor.provisioning.put_members import ConfirmedMembers, as_members, members_of, nobody, shown_members
from provisor.provisioning.verdict import NOT_FOUND, PRECONDITION_FAILED, UNSUPPORTED, judge
from provisor.provisioning.work import Member, MemberProgress, Outcome, Work
from provisor.scim.change import overlay
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.patch import add_members_body, members_per_removal, remove_members_body

#: Answers to the removal of somebody who is not in the group: what was wanted is so.
ABSENT = frozenset({"noTarget"})
PERMANENT = frozenset({400, 404, 413, 422})

NOT_ADDED = (
    "{count} of its members were refused by the application, the first with: {detail} The others are in."
)
NO_VERB = "Members are not sent: the application takes neither PATCH nor PUT for groups."


#: Members that the application does not take, each with its reason.
Refusals = list[tuple[Member, Refused]]


def _learn_nothing(name: str, value: Any, evidence: str) -> None:
    """Nothing is recorded."""


class MemberWork:
    """Sends members of groups in one pass; `progress` is told of each confirmed chunk."""

    def __init__(
        self,
        context: Context,
        client: ScimClient,
        *,
        progress: Callable[[MemberProgress], None],
        learn: Learn = _learn_nothing,
        confirmed_members: ConfirmedMembers = nobody,
    ) -> None:
        self._context = context
        self._client = client
        self._progress = progress
        self._learn = learn
        self._confirmed_members = confirmed_members
        self._patches = context.dialect.patch_groups
        #: Links whose group was read after a 404, so that the 404 is about a member.
        self._there: set[int] = set()
        #: What was refused in this pass, by link and generation; it is not sent again with the next claim.
        self._refused: dict[tuple[int, int], dict[Member, ScimFailure]] = {}

    async def perform(self, work: Work) -> Outcome:
        """Send the removals or the additions of one work, one chunk after the other."""
        if not self._patches and not self._context.dialect.put_groups:
            raise Refused(NO_VERB, status=501)
        self._there.discard(work.link.id)
        if not work.link.verified:
            group = await self._client.get("group", _group(work), act="read_back", tag=work.link)
            check_identity(self._context, work, group)
        if self._patches:
            try:
                return await self._perform_by_patch(work)
            except Refused as refusal:
                if refusal.status not in UNSUPPORTED or not self._context.dialect.put_groups:
                    raise
                self._patches = False
                self._learn("patch_groups", False, f"PATCH was answered with {refusal.status}.")
        await self._replace(work)
        return _done(work)

    async def _perform_by_patch(self, work: Work) -> Outcome:
        """Send what was not refused in this pass already, and go on with the next claim while it helps."""
        former = self._refused.setdefault((work.link.id, work.link.generation), {})
        members = work.removals or work.additions
        fresh = tuple(member for member in members if member not in former)
        part = replace(work, removals=fresh) if work.removals else replace(work, additions=fresh)
        refusals = await self._remove(part) if work.removals else await self._add(part)
        former.update(refusals)
        if not former:
            return _done(work)
        if fresh and len(members) >= group_work.MEMBERS_AT_ONCE:
            return _done(work, to=work.link.phase)
        return _not_added(work, list(former.values()))

    async def _remove(self, work: Work) -> Refusals:
        nobody = tuple(member for member in work.removals if not member.remote_id)
        if nobody:
            self._progress(MemberProgress(removed=nobody))
        members = [member for member in work.removals if member.remote_id]
        size = min(members_per_removal(self._context.dialect), self._context.dialect.members_per_request)
        refusals: Refusals = []
        for chunk in chunks(members, size):
            refusals += await self._remove_chunk(work, chunk)
        return refusals

    async def _remove_chunk(self, work: Work, chunk: Sequence[Member]) -> Refusals:
        body = remove_members_body([member.remote_id for member in chunk], self._context.dialect)
        try:
            await self._patch(work, body, chunk, Act.REMOVE_MEMBERS)
        except Refused as refusal:
            return await self._isolate(work, chunk, refusal, self._remove_chunk)
        self._progress(MemberProgress(removed=tuple(chunk)))
        return []

    async def _add(self, work: Work) -> Refusals:
        members = await self._not_there_yet(work)
        former = [member.replaces for member in members if member.replaces]
        if former:
            await self._remove_former(work, former)
        refusals: Refusals = []
        for chunk in chunks(members, self._context.dialect.members_per_request):
            refusals += await self._add_chunk(work, chunk)
        return refusals

    async def _remove_former(self, work: Work, former: list[str]) -> None:
        """The account was made anew: its old id leaves the group, if the application has kept it there."""
        for identifier in former:
            try:
                await self._patch(
                    work, remove_members_body([identifier], self._context.dialect), (), Act.REMOVE_MEMBERS
                )
            except Refused as refusal:
                if refusal.status not in PERMANENT:
                    raise
                if refusal.status == NOT_FOUND:
                    await self._assure_group(work)

    async def _add_chunk(self, work: Work, chunk: Sequence[Member]) -> Refusals:
        displays = {member.remote_id: member.display for member in chunk}
        body = add_members_body(displays, self._context.dialect, displays)
        try:
            await self._patch(work, body, chunk, Act.ADD_MEMBERS)
        except Refused as refusal:
            return await self._isolate(work, chunk, refusal, self._add_chunk)
        self._progress(MemberProgress(added=tuple(chunk)))
        return []

    async def _isolate(
        self,
        work: Work,
        chunk: Sequence[Member],
        refusal: Refused,
        send: Callable[[Work, Sequence[Member]], Any],
    ) -> Refusals:
        """One bad member never keeps the others out (R7): a refused chunk is halved until it is found."""
        if refusal.status not in PERMANENT:
            raise refusal
        if refusal.status == NOT_FOUND or (work.removals and refusal.scim_type in ABSENT):
            await self._assure_group(work)
        if len(chunk) > 1:
            middle = len(chunk) // 2
            first: Refusals = await send(work, chunk[:middle])
            return first + list(await send(work, chunk[middle:]))
        if work.removals and (refusal.scim_type in ABSENT or refusal.status == NOT_FOUND):
            self._progress(MemberProgress(removed=tuple(chunk)))
            return []
        return [(chunk[0], refusal)]

    async def _assure_group(self, work: Work) -> None:
        """A 404 may be about the group itself: then reading it is refused, and it is treated as vanished."""
        if work.link.id not in self._there:
            await self._client.get("group", _group(work), act="read_back", tag=work.link)
            self._there.add(work.link.id)

    async def _patch(self, work: Work, body: dict[str, Any], chunk: Sequence[Member], act: Act) -> None:
        try:
            await self._client.patch("group", _group(work), body, act=act, tag=work.link)
        except ScimFailure as failure:
            self._doubt(failure, chunk)
            raise

    def _doubt(self, failure: ScimFailure, members: Sequence[Member]) -> None:
        """Remember members of a request that may have been done although it failed."""
        if members and judge(failure, "").unknown:
            self._progress(MemberProgress(doubted=tuple(members)))

    async def _not_there_yet(self, work: Work) -> list[Member]:
        """Leave out members in doubt that are in the group already: some servers would hold them twice."""
        doubted = [member for member in work.additions if member.doubt]
        if not doubted or not self._context.dialect.members_readable:
            return list(work.additions)
        present = await self._present(work)
        if present is None:
            return list(work.additions)
        there = tuple(member for member in doubted if member.remote_id in present)
        if there:
            self._progress(MemberProgress(added=there))
        return [member for member in work.additions if member not in there]

    async def _present(self, work: Work) -> set[str] | None:
        """Read the members; None where the application does not show them (unknown is not empty)."""
        group = await self._client.get("group", _group(work), act="read_back", tag=work.link)
        members = shown_members(group)
        return None if members is None else {str(member.get("value")) for member in members}

    async def _replace(self, work: Work) -> None:
        """Without PATCH: read the group, lay the delta over its members, PUT the whole."""
        try:
            await self._put(work)
        except Refused as refusal:
            if refusal.status != PRECONDITION_FAILED:
                raise
            await self._put(work)
        self._progress(MemberProgress(added=work.additions, removed=work.removals))

    async def _put(self, work: Work) -> None:
        group = await self._client.get("group", _group(work), act=act_of(work), tag=work.link)
        body = overlay(group, (), "group")
        body["members"] = await self._members_after(work, group)
        etag = etag_of(group) if self._context.dialect.etag else ""
        try:
            await self._client.put("group", _group(work), body, etag, act=act_of(work), tag=work.link)
        except ScimFailure as failure:
            self._doubt(failure, work.additions + work.removals)
            raise

    async def _members_after(self, work: Work, group: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Who is to be in the group: who is there, without those who go, and those who come."""
        current = await members_of(self._context, work.link, group, self._confirmed_members)
        gone = {m.remote_id for m in work.removals} | {m.replaces for m in work.additions if m.replaces}
        kept = [m for m in current if m.get("value") not in gone]
        present = {m.get("value") for m in kept}
        new = {m.remote_id: m.display for m in work.additions if m.remote_id not in present}
        return [*kept, *as_members(list(new), self._context.dialect, new)]


def _done(work: Work, *, to: Phase | None = None) -> Outcome:
    """Return the outcome of members that are confirmed; what is in doubt about the group itself stays so."""
    link = work.link
    after = Phase.GROUPS if work.removals else Phase.MEMBER_ADDITIONS
    return Outcome(
        work=work, confirmed=True, state="due", remote_id=link.remote_id, origin=link.origin, sent=link.sent,
        etag="", doubt=link.doubt or None, next_phase=after if to is None else to,
    )  # fmt: skip


def _not_added(work: Work, refusals: Sequence[ScimFailure]) -> Outcome:
    reason = NOT_ADDED.format(count=len(refusals), detail=refusals[0].sentence)
    return Outcome(work=work, confirmed=False, state="failed", reason=reason, doubt=work.link.doubt or None)


def _group(work: Work) -> str:
    assert work.link.remote_id is not None
    return work.link.remote_id


def act_of(work: Work) -> Act:
    return Act.ADD_MEMBERS if work.additions else Act.REMOVE_MEMBERS


def chunks(members: Sequence[Member], size: int) -> Iterator[Sequence[Member]]:
    """Cut into chunks of at most `size` members: the application's member limit, not its limit for Bulk."""
    for start in range(0, len(members), max(1, size)):
        yield members[start : start + max(1, size)]
