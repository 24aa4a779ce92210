"""The ways on which policies bring a user to an application, and who made each link of them, and when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from provisor.applications.models import Policy
from provisor.audit.models import AuditEntry
from provisor.directory.models import Closure, JournalEntry, Membership, Nesting

#: Ways of one policy that are told.
MOST = 5


@dataclass(frozen=True, slots=True)
class Way:
    """One policy, and the groups from the one that holds the user directly up to the policy's own: ids and names."""

    policy: Policy
    groups: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who did something, and when; `event` as the journal calls it."""

    at: datetime
    actor: str
    event: str
    entry_id: int = 0


@dataclass(slots=True)
class Origins:
    """Where the links of a chain come from, as far as the journal and the audit record still know."""

    #: What happened to the user: created, disabled, deleted.
    user: dict[str, Origin] = field(default_factory=dict)
    #: By group: how the user came into it.
    joined: dict[UUID, Origin] = field(default_factory=dict)
    #: By group and the group that was put into it.
    nested: dict[tuple[UUID, UUID], Origin] = field(default_factory=dict)
    policies: dict[UUID, Origin] = field(default_factory=dict)
    #: The entry that was asked for.
    cause: Origin | None = None


def ways_of(user_id: UUID, policies: Iterable[Policy]) -> list[Way]:
    """Return every way, the shortest first for each policy, at most `MOST` of a policy; two queries."""
    direct = Membership.objects.filter(user_id=user_id).order_by("id")
    held = list(direct.values_list("group_id", "group__display_name"))
    above: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    around = Closure.objects.filter(descendant_id__in=direct.order_by().values("group_id"))
    edges = Nesting.objects.filter(child_id__in=around.values("ancestor_id")).order_by("id")
    for child, parent, name in edges.values_list("child_id", "parent_id", "parent__display_name"):
        above[child].append((parent, name))
    reached = [_paths_up(group, above) for group in held]
    return [way for policy in policies for way in _of_policy(policy, reached)]


def _of_policy(policy: Policy, reached: list[dict[UUID, tuple[tuple[UUID, str], ...]]]) -> list[Way]:
    found = [paths[policy.group_id] for paths in reached if policy.group_id in paths]
    return [Way(policy, path) for path in sorted(found, key=len)[:MOST]]


def _paths_up(
    group: tuple[UUID, str], above: dict[UUID, list[tuple[UUID, str]]]
) -> dict[UUID, tuple[tuple[UUID, str], ...]]:
    """The shortest way from a group to every group around it, breadth first."""
    paths: dict[UUID, tuple[tuple[UUID, str], ...]] = {group[0]: (group,)}
    level = [group[0]]
    while level:
        following = []
        for child in level:
            for parent in above[child]:
                if parent[0] not in paths:
                    paths[parent[0]] = (*paths[child], parent)
                    following.append(parent[0])
        level = following
    return paths


def origins_of(user_id: UUID, ways: Iterable[Way], cause_id: int | None) -> Origins:
    """Look up who made the links of these ways, in one query; a second one where a crowd was added at once."""
    known = list(ways)
    origins = Origins()
    for entry_id, at, actor, event, subject, child in _entries(user_id, known, cause_id):
        origin = Origin(at, actor, event, entry_id)
        if entry_id == cause_id:
            origins.cause = origin
        if event == "group.members_added":
            origins.joined[subject] = origin
        elif event == "group.nested":
            origins.nested[subject, UUID(child)] = origin
        elif event == "policy.created":
            origins.policies[subject] = origin
        elif subject == user_id:
            origins.user[event] = origin
    _fill_crowds(user_id, known, origins)
    return origins


def _entries(
    user_id: UUID, ways: list[Way], cause_id: int | None
) -> Iterator[tuple[int, datetime, str, str, UUID, str]]:
    """Entries of the journal, oldest first, so that the newest of each kind is what remains."""
    holders = {way.groups[0][0] for way in ways}
    parents = {group for way in ways for group, _name in way.groups[1:]}
    wanted = (
        Q(subject_id=user_id, event__in=("user.created", "user.disabled", "user.deleted"))
        | Q(subject_id__in=holders, event="group.members_added", text__contains=str(user_id))
        | Q(subject_id__in=parents, event="group.nested")
        | Q(subject_id__in={way.policy.id for way in ways}, event="policy.created")
        | Q(pk=cause_id or 0)
    )
    found = JournalEntry.objects.annotate(text=Cast("detail", TextField())).filter(wanted).order_by("id")
    return found.values_list("id", "at", "actor", "event", "subject_id", "detail__group__id").iterator()


def _fill_crowds(user_id: UUID, ways: list[Way], origins: Origins) -> None:
    """A journal entry names the first hundred of a crowd; the audit entry of the same act has every id."""
    holders = {way.groups[0][0] for way in ways}
    born = origins.user.get("user.created")
    for way in ways:
        if born is not None and way.policy.group.is_everyone and len(way.groups) == 1:
            origins.joined.setdefault(way.policy.group_id, born)
    missing = [str(group) for group in holders if group not in origins.joined]
    if not missing:
        return
    added = AuditEntry.objects.filter(
        subject_id__in=missing, act="group.members_added", payload__text__contains=str(user_id)
    )
    for subject, at, label, act in added.order_by("id").values_list("subject_id", "at", "actor_label", "act"):
        origins.joined[UUID(subject)] = Origin(at, label, act)
