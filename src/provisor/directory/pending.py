"""Pending rows for effective memberships, written set-wise with the closure as it is at that moment.

Call these before a removal and after an addition. They may name more pairs than really changed, never fewer: the fold
recomputes each pair from the current tables.
"""

from collections.abc import Sequence
from uuid import UUID

from provisor.directory.models import JournalEntry
from provisor.directory.statements import batches, execute, listed

_MEMBERS = """
    INSERT INTO directory_pending (entry_id, kind, subject_id, other_id)
    SELECT %(entry)s, 'member', above.ancestor_id, person.id
    FROM directory_closure above, directory_user person
    WHERE above.descendant_id = %(group)s AND person.id IN ({people})
"""

_EFFECTIVE_MEMBERS = """
    INSERT INTO directory_pending (entry_id, kind, subject_id, other_id)
    SELECT DISTINCT CAST(%(entry)s AS bigint), 'member', above.ancestor_id, membership.user_id
    FROM directory_closure above, directory_closure below
    JOIN directory_membership membership ON membership.group_id = below.descendant_id
    WHERE above.descendant_id = %(top)s AND below.ancestor_id = %(bottom)s
"""

_EFFECTIVE_GROUPS = """
    INSERT INTO directory_pending (entry_id, kind, subject_id, other_id)
    SELECT DISTINCT CAST(%(entry)s AS bigint), 'member', above.ancestor_id, membership.user_id
    FROM directory_membership membership
    JOIN directory_closure above ON above.descendant_id = membership.group_id
    WHERE membership.user_id = %(user)s
"""


def touch_members(entry: JournalEntry, group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """These users came into the group or are about to leave it: the group and every group around it is touched."""
    for some in batches(user_ids):
        people, values = listed(some)
        execute(_MEMBERS.format(people=people), entry=entry.id, group=group_id, **values)


def touch_effective_members(entry: JournalEntry, *, top: UUID, bottom: UUID) -> None:
    """Everybody in `bottom`, at any depth, may come into or leave `top` and every group around it."""
    execute(_EFFECTIVE_MEMBERS, entry=entry.id, top=top, bottom=bottom)


def touch_effective_groups(entry: JournalEntry, user_id: UUID) -> None:
    """The user is about to leave every group, at any depth."""
    execute(_EFFECTIVE_GROUPS, entry=entry.id, user=user_id)
