"""Groups that are created in one bulk request with their members, whom they name by the bulkId of their creation.

What an application does with such names is not believed before it was seen (engine.md, section 5): the first groups
are read back. Where it refuses them, keeps them as they stand, or puts somebody else in, that is remembered, and
members go afterwards by PATCH, like all others.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.bundle.bundle import joins
from provisor.provisioning.bundle.bundle_references import PREFIX, References
from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.passes.verdict import UNSUPPORTED
from provisor.provisioning.passes.work import Member, MemberProgress, Work
from provisor.provisioning.perform.perform_send import Learn
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import shown_members
from provisor.scim.change import overlay
from provisor.scim.client import Resource
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.patch import members_per_removal, remove_members_body

#: Under which name the trust in such groups is kept.
KIND = "bulk references"
FACT = "bulk_references"
#: Refusals of a group for what it says of its members, as far as can be told: it is sent again without.
PERMANENT = frozenset({400, 404, 409, 412, 413, 422})

REFUSED = (
    "A new group whose members were named by the bulkId of their creation was refused with {status}, and without "
    "them it was created"
)
NOT_THERE = (
    "A new group whose members were named by the bulkId of their creation was answered with success, and read back, "
    "{there} of {count} were in it{strays}"
)
NO_EFFECT = "read back, it is in the group as before."
STRAYS = ', and besides "{names}"'
LEFT = (
    'The application put "{names}" into the new group instead of its members, and it could not be taken out again: '
    "{said} Take it out there by hand, then retry."
)


class Referring:
    """Creates such groups in one pass; `progress` is told of members, `learn` records a capability with its evidence."""

    def __init__(
        self, client: BundlingClient, dialect: Dialect, probation: Probation,
        *, learn: Learn, progress: Callable[[MemberProgress], None],
    ) -> None:  # fmt: skip
        self._client, self._dialect, self._probation = client, dialect, probation
        self._learn, self._progress = learn, progress
        #: What was said of members in creations that are not settled yet, by link.
        self._open: dict[int, References] = {}

    def kinds(self, work: Work) -> tuple[str, ...]:
        """Under which names the trust in this creation is kept."""
        create = f"{work.link.kind} create"
        return (create, KIND) if self._refers(work) else (create,)

    def _refers(self, work: Work) -> bool:
        """Whether the creation of somebody whom it may name waits to be sent."""
        bundle = self._client.bundle
        if not work.newcomers or bundle is None or not (joins.get() and bundle.on and bundle.refers):
            return False
        return bundle.awaits(each.user for each in work.newcomers)

    async def create(self, work: Work, body: Resource) -> Resource | None:
        """POST it, with its members where they are created in the same request. Raises as the client does."""
        kind, link = work.link.kind, work.link
        if not self._refers(work):
            return await self._client.create(kind, body, act=Act.CREATE, tag=link)
        references = self._open[link.id] = References(body, work.newcomers, self._dialect)
        try:
            return await self._client.create_referring(kind, body, references, act=Act.CREATE, tag=link)
        except Refused as refusal:
            if not references.named or refusal.status not in PERMANENT:
                raise
            return await self._create_without(work, body, references, refusal)

    async def _create_without(
        self, work: Work, body: Resource, references: References, refusal: Refused
    ) -> Resource | None:
        """Nothing was made: whose creation failed may be the reason, and keeps neither group nor others back (R7)."""
        speaks_of_names = references.all_made
        references.leave_out()
        answer = await self._client.create(work.link.kind, body, act=Act.CREATE, tag=work.link)
        if speaks_of_names:
            self._give_up(REFUSED.format(status=refusal.status))
        return answer

    def leave(self, work: Work) -> None:
        """The creation ended without a word on its members: whoever was named may be in it."""
        references = self._open.pop(work.link.id, None)
        if references is not None and references.named:
            self._progress(MemberProgress(doubted=references.members))

    async def conclude(
        self, work: Work, identifier: str, seen: Mapping[str, Any] | None, *, asked: bool
    ) -> str:
        """Say who is in the new group now; returns what a person must do, empty where nothing.

        `seen` is the group as it was read back, None where that was not possible; `asked` whether it was tried.
        """
        references = self._open.get(work.link.id)
        if references is None or not references.named or (asked and seen is None):
            return ""
        del self._open[work.link.id]
        if not asked:
            self._confirm(references.members)
            return ""
        return await self._judge(work, identifier, references, seen or {})

    def _confirm(self, members: Collection[Member]) -> None:
        """Those whose id is known are in; of others it is asked again."""
        self._progress(
            MemberProgress(
                added=tuple(each for each in members if each.remote_id),
                doubted=tuple(each for each in members if not each.remote_id),
            )
        )

    async def _judge(
        self, work: Work, identifier: str, references: References, seen: Mapping[str, Any]
    ) -> str:
        """Compare the group with what it was to hold."""
        shown = {str(each.get("value")) for each in shown_members(seen) or ()}
        there = tuple(each for each in references.members if each.remote_id in shown)
        self._progress(MemberProgress(added=there))
        if len(there) == len(references.named):
            self._probation.good([KIND])
            return ""
        strays = _strays(references, shown)
        names = STRAYS.format(names=_few(strays)) if strays else ""
        evidence = NOT_THERE.format(there=len(there), count=len(references.named), strays=names)
        # an empty group says nothing of an application that was never seen to show members
        self._give_up(evidence if shown or self._probation.has_seen_members else "")
        return await self._take_out(work, identifier, strays) if strays else ""

    def _give_up(self, evidence: str) -> None:
        """Name nobody so any more, in this pass; with evidence never again."""
        if self._client.bundle is not None:
            self._client.bundle.refers = False
        self._probation.doubt([KIND])
        if evidence:
            self._learn(FACT, False, f"{evidence}.")

    async def _take_out(self, work: Work, identifier: str, strays: Collection[str]) -> str:
        """Take out of our own new group who was never to be in it: by PUT of the whole, else by PATCH."""
        joins.set(False)
        left = set(strays)
        try:
            if self._dialect.put_groups:
                left = await self._replace_without(work, identifier, left)
            if left:
                left = await self._remove(work, identifier, left)
        except ScimFailure as failure:
            return LEFT.format(names=_few(left), said=failure.sentence)
        return LEFT.format(names=_few(left), said=NO_EFFECT) if left else ""

    async def _replace_without(self, work: Work, identifier: str, strays: Collection[str]) -> set[str]:
        """Returns those who are in it still."""
        group = await self._client.get("group", identifier, act="read_back", tag=work.link)
        body = overlay(group, (), "group")
        body["members"] = [each for each in shown_members(group) or () if each.get("value") not in strays]
        try:
            await self._client.put("group", identifier, body, act=Act.REMOVE_MEMBERS, tag=work.link)
        except Refused as refusal:
            if refusal.status not in PERMANENT | UNSUPPORTED:
                raise
        return await self._still_there(work, identifier, strays)

    async def _remove(self, work: Work, identifier: str, strays: Collection[str]) -> set[str]:
        """The same by PATCH."""
        waiting, size = sorted(strays), max(1, members_per_removal(self._dialect))
        for start in range(0, len(waiting), size):
            body = remove_members_body(waiting[start : start + size], self._dialect)
            await self._client.patch("group", identifier, body, act=Act.REMOVE_MEMBERS, tag=work.link)
        return await self._still_there(work, identifier, strays)

    async def _still_there(self, work: Work, identifier: str, strays: Collection[str]) -> set[str]:
        group = await self._client.get("group", identifier, act="read_back", tag=work.link)
        return {str(each.get("value")) for each in shown_members(group) or ()} & set(strays)


def _strays(references: References, shown: set[str]) -> set[str]:
    """Who is in the new group by a wrong reading of the names: the names themselves, or others of the same request."""
    meant = {each.remote_id for each in references.members}
    names = {each for each in shown if each.startswith(PREFIX)}
    return names | (shown & set(references.made.values()) - meant)


def _few(names: Collection[str]) -> str:
    """Some of them, for people."""
    return '", "'.join(sorted(names)[:3])
