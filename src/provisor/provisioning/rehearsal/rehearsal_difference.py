"""The difference that a change makes in one application: what a pass would do after it and would not have done before."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from provisor.applications.models import Application
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.rehearsal.rehearsal_fates import Fate, fate_of
from provisor.provisioning.rehearsal.rehearsal_links import MemberStanding, Moment, Standing
from provisor.provisioning.rehearsal.rehearsal_reach import Named, Reach

#: Nobody leaves by these: an account or a group that stays was left alone by an earlier change already.
STAYING = frozenset({"keeps", "groups_unlinked"})


class Difference:
    """Counts and names of one application; `detail` is how many names are kept of each."""

    def __init__(self, application: Application, before: Moment, after: Moment, detail: int) -> None:
        self._application, self._before, self._after, self._detail = application, before, after, detail
        self._counts: Counter[str] = Counter()
        self._names: defaultdict[str, list[Named]] = defaultdict(list)
        #: Users without an account who get none: they become no members either.
        self._without: set[object] = set()

    def reach(self) -> Reach:
        """Plan every touched link as it was and as it would be."""
        for standing in sorted(self._after.standings.values(), key=lambda each: each.name.casefold()):
            self._count_link(standing)
        for member in sorted(self._after.members.values(), key=lambda each: each.name.casefold()):
            if self._is_new(member):
                self._count_member(member)
        application, touched = self._application, len(self._after.standings)
        return Reach(
            application_id=application.id, name=application.name, mode=application.mode, paused=application.paused,
            problem=self._after.problem, touched=touched, planned=touched,
            names={count: tuple(names) for count, names in self._names.items()}, **self._counts,
        )  # fmt: skip

    def _count_link(self, standing: Standing) -> None:
        fate = fate_of(self._after, standing)
        if fate.count in {"excluded", "failed"} and standing.known.remote_id is None:
            self._without.add(standing.local_id)
        former = self._before.standings.get(standing.id)
        counted = [fate.count] if fate.count and not self._is_the_same(fate, standing, former) else []
        for count in [*counted, *_frozen(standing, former)]:
            self._add(count, _named(standing, former))

    def _is_the_same(self, fate: Fate, standing: Standing, former: Standing | None) -> bool:
        """Tell whether this would happen without the change too, or has happened already."""
        if former is None:
            return False
        if former.is_due:
            earlier = fate_of(self._before, former)
            return earlier == fate
        if fate.count == "failed":
            return former.state == "failed"
        has_left = not former.in_scope and former.cause == standing.cause
        return fate.count in STAYING and has_left

    def _is_new(self, member: MemberStanding) -> bool:
        former = self._before.members.get((member.link_id, member.user_id))
        if member.user_id in self._without and not member.has_account:
            return False
        return former is None or former.count != member.count

    def _count_member(self, member: MemberStanding) -> None:
        named = Named(
            kind="user", local_id=to_uuid(member.user_id), name=member.name, group=member.group,
            link_id=member.link_id if member.link_id in self._before.standings else None,
        )  # fmt: skip
        self._add(member.count, named)
        if member.count == "members_held":
            self._add("held", named)

    def _add(self, count: str, named: Named) -> None:
        self._counts[count] += 1
        if len(self._names[count]) < self._detail:
            self._names[count].append(named)


def _frozen(standing: Standing, former: Standing | None) -> Iterator[str]:
    """No policy brings it any more, and the membership switch lets nobody go: the account stays."""
    if standing.frozen and standing.is_live and former is not None and former.in_scope and not former.frozen:
        yield "keeps"


def _named(standing: Standing, former: Standing | None) -> Named:
    return Named(
        kind=standing.kind,
        local_id=to_uuid(standing.local_id),
        name=standing.name,
        link_id=standing.id if former is not None else None,
    )
