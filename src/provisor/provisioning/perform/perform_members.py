"""Send a group's member deltas in chunks, with progress kept per chunk (R6)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.bundle.bundle import together
from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.passes import group_work
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.verdict import NOT_FOUND, PRECONDITION_FAILED, UNSUPPORTED, judge
from provisor.provisioning.passes.work import Member, MemberProgress, Outcome, Work
from provisor.provisioning.perform.perform_forms import etag_of
from provisor.provisioning.perform.perform_member_forms import (
    ABSENT,
    FACTS,
    NAMES,
    OVERLOOKED,
    MemberSending,
    UsePutError,
    group_of,
)
from provisor.provisioning.perform.perform_send import SUCCESS, Learn
from provisor.provisioning.perform.perform_write import check_identity
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import (
    ConfirmedMembers,
    as_members,
    members_of,
    nobody,
    shown_members,
)
from provisor.scim.change import overlay
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused, ScimFailure

PERMANENT = frozenset({400, 404, 413, 422})

NOT_ADDED = (
    "{count} of its members were refused by the application, the first with: {detail} The others are in."
)
NOT_DONE = "The application answered with success, but the group that was read back is as before."
NO_VERB = "Members are not sent: the application takes neither PATCH nor PUT for groups."


#: Members that the application does not take, each with its reason.
Refusals = list[tuple[Member, Refused]]


class MemberWork:
    """Sends members of groups in one pass; `progress` is told of each confirmed chunk."""

    def __init__(
        self,
        context: Context,
        client: BundlingClient,
        *,
        progress: Callable[[MemberProgress], None],
        probation: Probation,
        learn: Learn,
        confirmed_members: ConfirmedMembers = nobody,
    ) -> None:
        self._context = context
        self._client = client
        self._progress = progress
        self._probation = probation
        self._confirmed_members = confirmed_members
        self._sending = MemberSending(context, client, probation, learn=learn, progress=progress)
        #: Links whose group was read after a 404, so that the 404 is about a member.
        self._there: set[int] = set()
        #: What was refused in this pass, by link and generation; it is not sent again with the next claim.
        self._refused: dict[tuple[int, int], dict[Member, ScimFailure]] = {}

    def remember(self, group: str, seen: Mapping[str, Any]) -> None:
        """Keep who is in a group that was made just now, and read back."""
        self._sending.remember(group, (str(each.get("value")) for each in shown_members(seen) or ()))

    @property
    def _dialect(self) -> Dialect:
        return self._sending.dialect

    async def perform(self, work: Work) -> Outcome:
        """Send the removals or the additions of one work, one chunk after the other."""
        act = act_of(work)
        if self._sending.takes_put(act) and not self._dialect.put_groups:
            raise Refused(NO_VERB, status=501)
        self._there.discard(work.link.id)
        if not work.link.verified:
            group = await self._client.get("group", group_of(work), act="read_back", tag=work.link)
            check_identity(self._context, work, group)
        if self._sending.takes_put(act):
            await self._replace(work)
            return _done(work)
        try:
            return await self._perform_by_patch(work)
        except UsePutError as need:
            await self._replace_instead(work, need)
        except Refused as refusal:
            if refusal.status not in UNSUPPORTED or not self._dialect.put_groups:
                raise
            self._sending.learn("patch_groups", False, f"PATCH was answered with {refusal.status}")
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
        if fresh and len(members) >= group_work.members_at_once(self._context.dialect):
            return _done(work, to=work.link.phase)
        return _not_added(work, list(former.values()))

    async def _remove(self, work: Work) -> Refusals:
        without_account = tuple(member for member in work.removals if not member.remote_id)
        if without_account:
            self._progress(MemberProgress(removed=without_account))
        members = [member for member in work.removals if member.remote_id]
        return await self._send_all(work, members, Act.REMOVE_MEMBERS)

    async def _add(self, work: Work) -> Refusals:
        members = await self._not_there_yet(work)
        former = [member for member in members if member.replaces]
        if former:
            await self._remove_former(work, former)
        return await self._send_all(work, members, Act.ADD_MEMBERS)

    async def _send_all(self, work: Work, members: Sequence[Member], act: Act) -> Refusals:
        """Send members in chunks of the application's limit, which may be learned on the way."""
        refusals: Refusals = []
        start = 0
        while start < len(members):
            if act is Act.ADD_MEMBERS and self._sending.bundles(len(members) - start):
                return refusals + await self._send_together(work, members[start:])
            chunk = members[start : start + self._sending.size(act)]
            refusals += await self._send_chunk(work, chunk, act)
            start += len(chunk)
        return refusals

    async def _send_together(self, work: Work, members: Sequence[Member]) -> Refusals:
        """Send all chunks of additions at once, where they go in one bulk request."""
        size = self._sending.size(Act.ADD_MEMBERS)
        chunks = [members[start : start + size] for start in range(0, len(members), size)]
        sent = await asyncio.gather(
            *(together(self._send_chunk(work, chunk, Act.ADD_MEMBERS)) for chunk in chunks),
            return_exceptions=True,
        )
        for each in sent:
            if isinstance(each, BaseException):
                raise each
        return [refusal for each in sent if not isinstance(each, BaseException) for refusal in each]

    async def _send_chunk(self, work: Work, chunk: Sequence[Member], act: Act) -> Refusals:
        try:
            overlooked = await self._sending.send(work, chunk, act)
        except Refused as refusal:
            return await self._isolate(work, chunk, refusal, act)
        done = tuple(member for member in chunk if member not in overlooked)
        adds = act is Act.ADD_MEMBERS
        self._progress(MemberProgress(added=done) if adds else MemberProgress(removed=done))
        return [(member, Refused(NOT_DONE, status=SUCCESS)) for member in overlooked]

    async def _remove_former(self, work: Work, members: Sequence[Member]) -> None:
        """The account was made anew: its old id leaves the group, if the application has kept it there."""
        form = self._dialect.member_remove_form
        if form == "put":
            raise UsePutError("Members are removed by PUT")
        for member in members:
            assert member.replaces is not None
            former = replace(member, remote_id=member.replaces)
            try:
                await self._sending.patch(work, [former], Act.REMOVE_MEMBERS, form)
            except Refused as refusal:
                if refusal.status not in PERMANENT:
                    raise
                if refusal.status == NOT_FOUND:
                    await self._assure_group(work)

    async def _isolate(self, work: Work, chunk: Sequence[Member], refusal: Refused, act: Act) -> Refusals:
        """One bad member never keeps the others out (R7): a refused chunk is halved until it is found."""
        if refusal.status not in PERMANENT:
            raise refusal
        absent = act is Act.REMOVE_MEMBERS and refusal.scim_type in ABSENT
        if refusal.status == NOT_FOUND or absent:
            await self._assure_group(work)
        if len(chunk) > 1:
            middle, form = len(chunk) // 2, self._sending.form(act)
            refusals = await self._send_all(work, chunk[:middle], act)
            refusals += await self._send_all(work, chunk[middle:], act)
            if not (refusals or absent) and form == self._sending.form(act):
                self._sending.learn_limit(middle, refusal)
            return refusals
        if absent or (act is Act.REMOVE_MEMBERS and refusal.status == NOT_FOUND):
            self._progress(MemberProgress(removed=tuple(chunk)))
            return []
        return [(chunk[0], refusal)]

    async def _assure_group(self, work: Work) -> None:
        """A 404 may be about the group itself: then reading it is refused, and it is treated as vanished."""
        if work.link.id not in self._there:
            await self._client.get("group", group_of(work), act="read_back", tag=work.link)
            self._there.add(work.link.id)

    def _doubt(self, failure: ScimFailure, members: Sequence[Member]) -> None:
        """Remember members of a request that may have been done although it failed."""
        if members and judge(failure, "").unknown:
            self._progress(MemberProgress(doubted=tuple(members)))

    async def _not_there_yet(self, work: Work) -> list[Member]:
        """Leave out members in doubt that are in the group already: some servers would hold them twice."""
        doubted = [member for member in work.additions if member.doubt]
        if not doubted or not self._dialect.members_readable:
            return list(work.additions)
        present = await self._sending.present(work)
        if present is None:
            return list(work.additions)
        there = tuple(member for member in doubted if member.remote_id in present)
        if there:
            self._progress(MemberProgress(added=there))
        return [member for member in work.additions if member not in there]

    async def _replace_instead(self, work: Work, need: UsePutError) -> None:
        """PATCH did not do it: PUT the whole, and remember what that shows."""
        act = act_of(work)
        try:
            await self._replace(work, prove=need.learns)
        except Refused as refusal:
            if not need.unseen or refusal.status not in UNSUPPORTED:
                raise
            # it may not be replaced, since nobody sees who is in it: the PATCH was all that could be done
            self._sending.cannot_read(need.tried)
            self._progress(MemberProgress(added=work.additions, removed=work.removals))
            return
        if need.learns and self._dialect.members_readable:
            self._sending.learn(FACTS[act], "put", f"{need.tried}; {NAMES['put']} did it")

    async def _replace(self, work: Work, *, prove: bool = False) -> None:
        """Without PATCH: read the group, lay the delta over its members, PUT the whole."""
        try:
            await self._put(work)
        except Refused as refusal:
            if refusal.status != PRECONDITION_FAILED:
                raise
            await self._put(work)
        kinds = ("members put",)
        if self._dialect.members_readable and (prove or not self._probation.trusts(kinds)):
            await self._prove_replaced(work, kinds)
        self._progress(MemberProgress(added=work.additions, removed=work.removals))

    async def _prove_replaced(self, work: Work, kinds: Sequence[str]) -> None:
        """Read the group back: a PUT that changed nothing is a failure, one that shows nobody says nothing."""
        try:
            after = await self._sending.present(work)
        except BaseException:
            self._progress(MemberProgress(doubted=work.additions + work.removals))
            raise
        if after is None and not work.additions:
            return
        if not after and work.additions:
            self._sending.cannot_read(NAMES["put"])
            return
        after = after or set()
        added = not work.additions or any(member.remote_id in after for member in work.additions)
        removed = not work.removals or any(member.remote_id not in after for member in work.removals)
        if not (added and removed):
            raise Refused(OVERLOOKED.format(tried=NAMES["put"]), status=SUCCESS)
        if after:
            self._probation.good(kinds)

    async def _put(self, work: Work) -> None:
        group = await self._client.get("group", group_of(work), act=act_of(work), tag=work.link)
        body = overlay(group, (), "group")
        body["members"] = await self._members_after(work, group)
        etag = etag_of(group) if self._dialect.etag else ""
        try:
            await self._client.put("group", group_of(work), body, etag, act=act_of(work), tag=work.link)
        except ScimFailure as failure:
            self._doubt(failure, work.additions + work.removals)
            raise

    async def _members_after(self, work: Work, group: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Who is to be in the group: who is there, without those who go, and those who come."""
        current = await members_of(
            self._dialect, work.link, group, self._confirmed_members, seen=self._probation.has_seen_members
        )
        gone = {m.remote_id for m in work.removals} | {m.replaces for m in work.additions if m.replaces}
        kept = [m for m in current if m.get("value") not in gone]
        present = {m.get("value") for m in kept}
        new = {m.remote_id: m.display for m in work.additions if m.remote_id not in present}
        return [*kept, *as_members(list(new), self._dialect, new)]


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


def act_of(work: Work) -> Act:
    return Act.ADD_MEMBERS if work.additions else Act.REMOVE_MEMBERS
