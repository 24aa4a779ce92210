"""The forms in which members are added to a group and removed from it, and the proof that they do so.

The first deltas are read back (engine.md, section 5). A form that is refused, or answered with success and not done,
leads to the next one: for additions a PATCH with a path, one without, then PUT; for removals a filter in the path, a
list of values, then PUT.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.bundle.bundling_client import BundlingClient
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.verdict import judge
from provisor.provisioning.passes.work import Member, MemberProgress, Work
from provisor.provisioning.perform.perform_forms import with_fact
from provisor.provisioning.perform.perform_send import BAD_REQUEST, SUCCESS, Learn
from provisor.provisioning.perform.probation import Probation
from provisor.provisioning.perform.put_members import shown_members
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.patch import add_members_body, members_per_removal, remove_members_body

#: Answers to the removal of somebody who is not in the group: what was wanted is so.
ABSENT = frozenset({"noTarget"})
#: scimTypes of a refused addition that speak of the form, and not of a member.
FORM_REFUSED = frozenset({"invalidPath", "invalidSyntax"})
#: Statuses by which a limit of members is told.
TOO_MANY = frozenset({400, 413})

FORMS = {Act.ADD_MEMBERS: ("path", "pathless"), Act.REMOVE_MEMBERS: ("filter", "value")}
FACTS = {Act.ADD_MEMBERS: "member_add_form", Act.REMOVE_MEMBERS: "member_remove_form"}
NAMES = {
    "path": "an addition with a path",
    "pathless": "an addition without a path",
    "filter": "a removal by a filter in the path",
    "value": "a removal by a list of values",
    "put": "a PUT of the group",
}
OVERLOOKED = (
    "The application answered {tried} with success, but read back, its members are as before. Look whether its "
    "administrator lets the token change members, or keep this group out of the policy."
)
#: From more chunks than this on, they go together.
BUNDLED_CHUNKS = 2
UNSEEN = "A member was added with success by {tried}, and read back, the group shows no members"


class UsePutError(Exception):
    """PATCH does not do it: the whole work goes by PUT. `tried` says in words what was tried."""

    def __init__(self, tried: str, *, unseen: bool = False, learns: bool = False) -> None:
        super().__init__(tried)
        self.tried = tried
        #: No member was ever seen in the group: they may be there all the same.
        self.unseen = unseen
        #: The form is to be remembered, once PUT has done it.
        self.learns = learns


class MemberSending:
    """Sends chunks of members in one pass; `progress` is told of members that are in doubt."""

    def __init__(
        self,
        context: Context,
        client: BundlingClient,
        probation: Probation,
        *,
        learn: Learn,
        progress: Callable[[MemberProgress], None],
    ) -> None:
        self._client = client
        self._probation = probation
        self._record = learn
        self._progress = progress
        #: The dialect as this pass knows it by now.
        self.dialect = context.dialect
        #: Who was in a group that this pass has made, by its id: until members are sent, nobody else can be.
        self._new: dict[str, set[str]] = {}

    def remember(self, group: str, members: Iterable[str]) -> None:
        """Keep who is in a group that was made just now, and read back."""
        self._new[group] = set(members)

    def takes_put(self, act: Act) -> bool:
        """Whether such members go by PUT."""
        return not self.dialect.patch_groups or self.form(act) == "put"

    def size(self, act: Act) -> int:
        """How many members to send at once."""
        limit = max(1, self.dialect.members_per_request)
        return limit if act is Act.ADD_MEMBERS else max(1, min(members_per_removal(self.dialect), limit))

    def bundles(self, count: int) -> bool:
        """Whether the additions of so many members go in bulk requests: several chunks of a form that is trusted."""
        bundle = self._client.bundle
        several = count > BUNDLED_CHUNKS * self.size(Act.ADD_MEMBERS)
        return bundle is not None and bundle.on and several and self._is_trusted(Act.ADD_MEMBERS)

    async def send(self, work: Work, chunk: Sequence[Member], act: Act) -> list[Member]:
        """Send one chunk; returns those of it that the application has overlooked. Raises UsePutError, ScimFailure."""
        if self._is_trusted(act):
            return await self._send_trusted(work, chunk, act)
        async with self._probation.lock("members"):
            if self._is_trusted(act):
                return await self._send_trusted(work, chunk, act)
            return await self._prove(work, chunk, act)

    async def _send_trusted(self, work: Work, chunk: Sequence[Member], act: Act) -> list[Member]:
        form = self.form(act)
        await self.patch(work, chunk, act, form)
        if not (self.dialect.members_readable and self._probation.samples()):
            return []
        after = await self._read_back(work, chunk)
        left = [] if after is None else _left(chunk, after, act)
        # a leaver who is in the group still is never left there for being the only one
        if after and left and (len(left) == len(chunk) or act is Act.REMOVE_MEMBERS):
            self._probation.doubt([_kind(act, form)])
            return await self._prove(work, left, act)
        return left

    async def _prove(self, work: Work, chunk: Sequence[Member], act: Act) -> list[Member]:
        """Try one form after the other until the group that is read back shows the delta."""
        before = self._new.pop(group_of(work), None) if act is Act.ADD_MEMBERS else None
        if before is None:
            before = await self.present(work)
        if before is None and act is Act.REMOVE_MEMBERS and not self._probation.has_seen_members:
            return await self._remove_unseen(work, chunk)
        # without members the attribute may be left out (RFC 7643, 2.5)
        before = before or set()
        if self._probation.has_seen_members and not _left(chunk, before, act):
            return []
        first = self.form(act)
        tried: list[str] = []
        refused: Refused | None = None
        overlooked = False
        for form in (first, *(each for each in FORMS[act] if each != first)):
            try:
                await self.patch(work, chunk, act, form)
            except Refused as refusal:
                if not _leads_on(act, chunk, before, refusal):
                    raise
                refused = refused or refusal
                tried.append(f"{NAMES[form]} was refused with {refusal.status}")
                continue
            after = await self._read_back(work, chunk) or set()
            lost = before - after - {member.remote_id for member in chunk}
            if act is Act.REMOVE_MEMBERS and form == "value" and lost:
                await self._restore(work, sorted(lost))
                self._leave_form(form, tried)
                return _left(chunk, after, act)
            left = _left(chunk, after, act)
            # who left the group with a deleted account proves no form
            if not left or len(left) < len(_left(chunk, before, act)):
                self._conclude(act, form, tried, chunk, before=before, after=after)
                return left
            overlooked = True
            tried.append(f"{NAMES[form]} was answered with success and changed nothing")
            before = after
        return self._give_up(act, tried, before, refused, overlooked=overlooked)

    async def _remove_unseen(self, work: Work, chunk: Sequence[Member]) -> list[Member]:
        """Who is in the group cannot be seen: there is nothing to prove it by, and a list of values may empty it."""
        try:
            await self.patch(work, chunk, Act.REMOVE_MEMBERS, self.form(Act.REMOVE_MEMBERS))
        except Refused as refusal:
            refused = refusal.status == BAD_REQUEST and refusal.scim_type in FORM_REFUSED
            if not (refused and self.dialect.put_groups):
                raise
            raise UsePutError(f"A removal was refused with {refusal.status}") from refusal
        return []

    def _leave_form(self, form: str, tried: Sequence[str]) -> None:
        """Remember that this form empties the group: the one that was not tried yet is next."""
        others = [each for each in FORMS[Act.REMOVE_MEMBERS] if each != form]
        following = "put" if tried else others[0]
        evidence = f"{NAMES[form]} took everybody out of the group, and the others were put back"
        self.learn(FACTS[Act.REMOVE_MEMBERS], following, _words([*tried, evidence]))

    def _conclude(
        self, act: Act, form: str, tried: Sequence[str], chunk: Sequence[Member],
        *, before: set[str], after: set[str],
    ) -> None:  # fmt: skip
        """Remember the form that did it; a list of values only where others were seen to stay.

        One reading shows it of each member whom the write has brought in or taken out.
        """
        ids = {member.remote_id for member in chunk}
        there = ids & before
        moved = (ids & after) - before if act is Act.ADD_MEMBERS else there - after
        if not moved or (form == "value" and len(before) <= len(there)):
            return
        if tried:
            self.learn(FACTS[act], form, f"{_words(tried)}; {NAMES[form]} did it")
        self._probation.good([_kind(act, form)], len(moved))

    def _give_up(
        self,
        act: Act,
        tried: Sequence[str],
        before: set[str],
        refused: Refused | None,
        *,
        overlooked: bool,
    ) -> list[Member]:
        unseen = act is Act.ADD_MEMBERS and not before
        if refused is not None and unseen and not overlooked:
            raise refused
        if self.dialect.put_groups:
            raise UsePutError(_words(tried), unseen=unseen, learns=True)
        if unseen:
            self.cannot_read(_words(tried))
            return []
        raise refused or Refused(OVERLOOKED.format(tried="PATCH"), status=SUCCESS)

    def cannot_read(self, tried: str) -> None:
        """Members were sent, and none was ever seen: the application does not show them."""
        self.learn("members_readable", False, UNSEEN.format(tried=tried[0].lower() + tried[1:]))

    def learn_limit(self, size: int, refusal: Refused) -> None:
        """A chunk was refused, and its parts were not: so many members go in one request."""
        if refusal.status in TOO_MANY and 0 < size < self.dialect.members_per_request:
            evidence = f"More members than {size} in one request were refused with {refusal.status}"
            self.learn("members_per_request", size, evidence)

    def learn(self, name: str, value: Any, evidence: str) -> None:
        """Remember a fact from now on, in this pass and beyond."""
        if getattr(self.dialect, name) != value:
            self.dialect = with_fact(self.dialect, name, value)
            self._record(name, value, f"{evidence}.")

    def form(self, act: Act) -> str:
        """The form that is believed to work."""
        dialect = self.dialect
        return dialect.member_add_form if act is Act.ADD_MEMBERS else dialect.member_remove_form

    def _is_trusted(self, act: Act) -> bool:
        """Whether it was proved, or cannot be since members are not shown."""
        return not self.dialect.members_readable or self._probation.trusts([_kind(act, self.form(act))])

    # --- requests -------------------------------------------------------------------------------------------------

    async def patch(self, work: Work, chunk: Sequence[Member], act: Act, form: str) -> None:
        """Send the PATCH; members of a request that may have been done although it failed are in doubt."""
        dialect = self.dialect if form == self.form(act) else with_fact(self.dialect, FACTS[act], form)
        if act is Act.ADD_MEMBERS:
            displays = {member.remote_id: member.display for member in chunk}
            body = add_members_body(displays, dialect, displays)
        else:
            body = remove_members_body([member.remote_id for member in chunk], dialect)
        try:
            await self._client.patch("group", group_of(work), body, act=act, tag=work.link)
        except ScimFailure as failure:
            if judge(failure, "").unknown:
                self._progress(MemberProgress(doubted=tuple(chunk)))
            raise

    async def _restore(self, work: Work, lost: Sequence[str]) -> None:
        """Put back those who went although nobody asked for it."""
        size = max(1, self.dialect.members_per_request)
        for start in range(0, len(lost), size):
            body = add_members_body(lost[start : start + size], self.dialect)
            await self._client.patch("group", group_of(work), body, act=Act.ADD_MEMBERS, tag=work.link)

    async def _read_back(self, work: Work, chunk: Sequence[Member]) -> set[str] | None:
        """Read the members after a write; a reading that fails leaves the chunk in doubt."""
        try:
            return await self.present(work)
        except BaseException:
            self._progress(MemberProgress(doubted=tuple(chunk)))
            raise

    async def present(self, work: Work) -> set[str] | None:
        """Read the members; None where the application does not show them (unknown is not empty)."""
        group = await self._client.get("group", group_of(work), act="read_back", tag=work.link)
        members = shown_members(group)
        return None if members is None else {str(member.get("value")) for member in members}


def group_of(work: Work) -> str:
    """The remote id of the group of a work."""
    assert work.link.remote_id is not None
    return work.link.remote_id


def _kind(act: Act, form: str) -> str:
    return f"{act.value} {form}"


def _left(chunk: Sequence[Member], after: set[str], act: Act) -> list[Member]:
    """Those of whom the group that was read back shows that nothing was done."""
    adds = act is Act.ADD_MEMBERS
    return [member for member in chunk if (member.remote_id in after) is not adds]


def _leads_on(act: Act, chunk: Sequence[Member], before: set[str], refusal: Refused) -> bool:
    """Whether a refusal speaks of the form: of a removal, any does that speaks of somebody who is in the group."""
    if refusal.status != BAD_REQUEST:
        return False
    if act is Act.ADD_MEMBERS:
        return refusal.scim_type in FORM_REFUSED
    there = all(member.remote_id in before for member in chunk)
    return there if refusal.scim_type in ABSENT else len(chunk) == 1


def _words(tried: Sequence[str]) -> str:
    sentence = "; ".join(tried)
    return sentence[:1].upper() + sentence[1:]
