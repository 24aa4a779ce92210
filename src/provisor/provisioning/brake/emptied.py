"""A source that was emptied (engine.md, section 8): what it would remove is held, however much the brake allows.

A source is a group, a policy, or all that brings people to an application. It counts as emptied when nobody is left
in it and more than `FEW` were within the last 24 hours. The journal remembers what a group lost, and one removal at a
time empties it just as well.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from provisor.applications.models import Policy
from provisor.directory.models import Closure, Group, JournalEntry, Membership
from provisor.planning.allowance import WINDOW
from provisor.provisioning.fold.scope_filters import brings_anybody
from provisor.provisioning.keys import Key, to_uuid
from provisor.provisioning.passes.context import Context

#: A smaller source may empty without a question.
FEW = 5

#: By which change people leave, where one of these took them out of a group or took the grant away.
CHANGES = """
SELECT DISTINCT j.id, j.event, j.subject_id FROM directory_journal j
JOIN provisioning_link l ON l.entry_id = j.id
WHERE l.application_id = %s AND l.kind = 'user' AND l.state = 'due' AND l.phase = 0 AND l.cause = 'unassigned'
  AND j.event IN ('group.members_removed', 'group.unnested', 'group.deleted', 'policy.deleted', 'policy.updated')
"""
#: Those of them that say how many left.
REMOVALS = ("group.members_removed", "group.deleted")
ANYBODY = "SELECT 1 FROM provisioning_link WHERE application_id = %s AND kind = 'user' AND in_scope LIMIT 1"

GROUPS = """
SELECT l.id, g.display_name, COUNT(*) + COALESCE((SELECT SUM(d.count) FROM provisioning_departure d
                                                  WHERE d.link_id = l.id AND d.at > %s), 0)
FROM provisioning_link l JOIN directory_group g ON g.id = l.local_id
JOIN provisioning_link_member lm ON lm.link_id = l.id AND lm.remote_id IS NOT NULL AND NOT lm.wanted
WHERE l.application_id = %s AND l.kind = 'group' AND l.in_scope AND NOT EXISTS (
    SELECT 1 FROM provisioning_link_member wanted WHERE wanted.link_id = l.id AND wanted.wanted)
GROUP BY l.id, g.display_name
"""
#: Who was in such a group, and has an account there.
FORMER_MEMBERS = """
SELECT ul.id, lm.link_id FROM provisioning_link_member lm
JOIN provisioning_link l ON l.id = lm.link_id
JOIN provisioning_link ul ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE lm.link_id IN ({groups}) AND lm.remote_id IS NOT NULL AND NOT lm.wanted
"""

GROUP_EMPTIED = (
    "Held: the group “{name}” has lost all of its members, {count} of them in the last 24 hours. If that is what you "
    "want, release it; if not, put the members back."
)
GROUP_DELETED = (
    "Held: the group “{name}” was deleted here, and it had {count} members. If that is what you want, release it; if "
    "not, make the group again."
)
POLICY_DELETED = (
    "Held: the policy “{name}” was deleted, and {count} people have this application by no other. If that is what you "
    "want, release it; if not, add the policy again."
)
POLICY_NARROWED = (
    "Held: since its filter was changed the policy “{name}” brings nobody any more, and {count} people have this "
    "application by no other. If that is what you want, release it; if not, change the filter back."
)
SCOPE_EMPTIED = (
    "Held: nobody is to have this application any more; {count} people have lost it in the last 24 hours. If that is "
    "what you want, release it; if not, look at the policies and their groups."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """One account that would be taken away."""

    link: int
    cause: str
    #: Nothing is under way for it.
    idle: bool
    #: The journal entry that made it leave.
    entry: int | None


def emptied_for(
    cursor: Any, context: Context, leavers: Sequence[Leaver], *, executed: int, now: int
) -> dict[int, str]:
    """Return why leavers are held, by link: those whom an emptied source would remove."""
    left = [leaver for leaver in leavers if leaver.cause != "expired"]
    if len(left) + executed > FEW and not _has_anybody(cursor, context):
        return {leaver.link: SCOPE_EMPTIED.format(count=len(left) + executed) for leaver in left}
    reasons = _changes(cursor, context, Counter(leaver.entry for leaver in left), now)
    former = _former_members(cursor, context, now)
    found = {leaver.link: reasons.get(leaver.entry) or former.get(leaver.link, "") for leaver in left}
    return {link: reason for link, reason in found.items() if reason}


def _former_members(cursor: Any, context: Context, now: int) -> dict[int, str]:
    """Return whom a pushed group has lost with everybody else, by whatever changes: deleted one by one, say."""
    emptied = emptied_groups(cursor, context, now)
    if not emptied:
        return {}
    marks = ", ".join(["%s"] * len(emptied))
    cursor.execute(FORMER_MEMBERS.format(groups=marks), [*emptied])
    return {user: emptied[group] for user, group in cursor.fetchall()}


def _has_anybody(cursor: Any, context: Context) -> bool:
    cursor.execute(ANYBODY, [context.key])
    return cursor.fetchone() is not None


def _changes(
    cursor: Any, context: Context, leaving: Mapping[int | None, int], now: int
) -> dict[int | None, str]:
    """Return the changes that emptied a source, each with its sentence."""
    cursor.execute(CHANGES, [context.key])
    changes: list[tuple[int, str, Key]] = cursor.fetchall()
    people: Counter[Key] = Counter()
    for entry, _, source in changes:
        people[source] += leaving[entry]
    found: dict[Key, str] = {}
    for entry, event, source in changes:
        if source not in found:
            found[source] = _sentence(event, entry, source, people[source], now)
    return {entry: found[source] for entry, _, source in changes if found[source]}


def _sentence(event: str, entry: int, source: Key, people: int, now: int) -> str:
    if event == "policy.deleted":
        return _policy(entry, people)
    return _narrowed(source, people) if event == "policy.updated" else _group(source, people, now)


def _narrowed(source: Key, people: int) -> str:
    """A filter that lets nobody in any more empties its policy."""
    policy = Policy.objects.filter(pk=to_uuid(source)).exclude(scope="").first()
    if policy is None or people <= FEW or brings_anybody(policy.scope, policy.group_id):
        return ""
    return POLICY_NARROWED.format(name=policy.name, count=people)


def _policy(entry: int, people: int) -> str:
    name = JournalEntry.objects.get(pk=entry).detail.get("name", "")
    return POLICY_DELETED.format(name=name, count=people) if people > FEW else ""


def _group(subject: Key, people: int, now: int) -> str:
    """Say that the group was emptied; an empty sentence where somebody is in it, or few were."""
    group = to_uuid(subject)
    if _has_members(group):
        return ""
    since = datetime.fromtimestamp((now - WINDOW) / 1_000, UTC)
    entries = JournalEntry.objects.filter(subject_id=group, at__gt=since, event__in=REMOVALS)
    template, gone, most = GROUP_EMPTIED, set(), people
    for event, detail in entries.order_by("id").values_list("event", "detail"):
        if event == "group.deleted":
            template, most = GROUP_DELETED, max(most, detail["members"])
        else:
            # an entry keeps the first hundred; who came and went twice was one member
            gone |= {member["id"] for member in detail["members"]}
            most = max(most, detail["count"])
    count = max(most, len(gone))
    name = Group.objects.values_list("display_name", flat=True).get(pk=group)
    return template.format(name=name, count=count) if count > FEW else ""


def _has_members(group: UUID) -> bool:
    inside = Closure.objects.filter(ancestor_id=group).values("descendant_id")
    return Membership.objects.filter(group_id__in=inside).exists()


def emptied_groups(cursor: Any, context: Context, now: int) -> dict[int, str]:
    """Return why all removals from a pushed group are held, by the group's link."""
    cursor.execute(GROUPS, [now - WINDOW, context.key])
    return {
        link: GROUP_EMPTIED.format(name=name, count=int(lost))
        for link, name, lost in cursor.fetchall()
        if int(lost) > FEW
    }
