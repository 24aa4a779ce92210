"""Send a group's member deltas in chunks, with progress kept per chunk (R6)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.context import Context
from provisor.provisioning.phases import Phase
from provisor.provisioning.work import Member, MemberProgress, Outcome, Work
from provisor.scim.change import overlay
from provisor.scim.client import ScimClient
from provisor.scim.errors import OutcomeUnknown, Refused, ScimFailure
from provisor.scim.patch import add_members_body, members_per_removal, remove_members_body

NOT_FOUND = 404
#: Answers to the removal of somebody who is not in the group: what was wanted is so.
ABSENT = frozenset({"noTarget"})
PERMANENT = frozenset({400, 404, 413, 422})

NOT_ADDED = (
    "{count} of its members were refused by the application, the first with: {detail} The others are in."
)
NO_VERB = "Members are not sent: the application takes neither PATCH nor PUT for groups."


class MemberWork:
    """Sends members of groups in one pass; `progress` is told of each confirmed chunk."""

    def __init__(
        self, context: Context, client: ScimClient, *, progress: Callable[[MemberProgress], None]
    ) -> None:
        self._context = context
        self._client = client
        self._progress = progress

    async def perform(self, work: Work) -> Outcome:
        """Send the removals or the additions of one work, one chunk after the other."""
        dialect = self._context.dialect
        if not dialect.patch_groups and not dialect.put_groups:
            raise Refused(NO_VERB, status=501)
        if not dialect.patch_groups:
            await self._replace(work)
            return self._done(work, [])
        refusals = await self._remove(work) if work.removals else await self._add(work)
        return self._done(work, refusals)

    async def _remove(self, work: Work) -> list[ScimFailure]:
        nobody = tuple(member for member in work.removals if not member.remote_id)
        if nobody:
            self._progress(MemberProgress(removed=nobody))
        members = [member for member in work.removals if member.remote_id]
        size = min(members_per_removal(self._context.dialect), self._context.dialect.members_per_request)
        refusals: list[ScimFailure] = []
        for chunk in chunks(members, size):
            refusals += await self._remove_chunk(work, chunk)
        return refusals

    async def _remove_chunk(self, work: Work, chunk: Sequence[Member]) -> list[ScimFailure]:
        body = remove_members_body([member.remote_id for member in chunk], self._context.dialect)
        try:
            await self._patch(work, body, chunk, Act.REMOVE_MEMBERS)
        except Refused as refusal:
            return await self._isolate(work, chunk, refusal, self._remove_chunk)
        self._progress(MemberProgress(removed=tuple(chunk)))
        return []

    async def _add(self, work: Work) -> list[ScimFailure]:
        members = await self._not_there_yet(work)
        former = [member.replaces for member in members if member.replaces]
        if former:
            await self._remove_former(work, former)
        refusals: list[ScimFailure] = []
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

    async def _add_chunk(self, work: Work, chunk: Sequence[Member]) -> list[ScimFailure]:
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
    ) -> list[ScimFailure]:
        """One bad member never keeps the others out (R7): a refused chunk is halved until it is found."""
        if refusal.status not in PERMANENT:
            raise refusal
        if len(chunk) > 1:
            middle = len(chunk) // 2
            first: list[ScimFailure] = await send(work, chunk[:middle])
            return first + list(await send(work, chunk[middle:]))
        if work.removals and (refusal.scim_type in ABSENT or refusal.status == NOT_FOUND):
            await self._client.get("group", _group(work), act=Act.REMOVE_MEMBERS, tag=work.link)
            self._progress(MemberProgress(removed=tuple(chunk)))
            return []
        return [refusal]

    async def _patch(self, work: Work, body: dict[str, Any], chunk: Sequence[Member], act: Act) -> None:
        try:
            await self._client.patch("group", _group(work), body, act=act, tag=work.link)
        except OutcomeUnknown:
            self._progress(MemberProgress(doubted=tuple(chunk)))
            raise
        except Refused as refusal:
            if refusal.retryable:
                self._progress(MemberProgress(doubted=tuple(chunk)))
            raise

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
        members = group.get("members")
        if not isinstance(members, list):
            return None
        return {str(member.get("value")) for member in members if isinstance(member, dict)}

    async def _replace(self, work: Work) -> None:
        """Without PATCH: read the group, lay the delta over its members, PUT the whole."""
        group = await self._client.get("group", _group(work), act=act_of(work), tag=work.link)
        members = group.get("members")
        current = [m for m in members if isinstance(m, dict)] if isinstance(members, list) else []
        gone = {m.remote_id for m in work.removals} | {m.replaces for m in work.additions if m.replaces}
        kept = [m for m in current if m.get("value") not in gone]
        present = {m.get("value") for m in kept}
        new = [{"value": m.remote_id} for m in work.additions if m.remote_id not in present]
        body = overlay(group, ())
        body["members"] = [*kept, *new]
        await self._client.put("group", _group(work), body, act=act_of(work), tag=work.link)
        self._progress(MemberProgress(added=work.additions, removed=work.removals))

    def _done(self, work: Work, refusals: list[ScimFailure]) -> Outcome:
        link = work.link
        if refusals:
            reason = NOT_ADDED.format(count=len(refusals), detail=refusals[0].sentence)
            return Outcome(
                work=work, confirmed=False, state="failed", reason=reason, doubt=link.doubt or None
            )
        after = Phase.GROUPS if work.removals else Phase.MEMBER_ADDITIONS
        return Outcome(
            work=work, confirmed=True, state="due", remote_id=link.remote_id, origin=link.origin, sent=link.sent,
            etag="", next_phase=after,
        )  # fmt: skip


def _group(work: Work) -> str:
    assert work.link.remote_id is not None
    return work.link.remote_id


def act_of(work: Work) -> Act:
    return Act.ADD_MEMBERS if work.additions else Act.REMOVE_MEMBERS


def chunks(members: Sequence[Member], size: int) -> Iterator[Sequence[Member]]:
    """Cut into chunks of at most `size` members: the application's member limit, not its limit for Bulk."""
    for start in range(0, len(members), max(1, size)):
        yield members[start : start + max(1, size)]
