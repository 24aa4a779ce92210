"""The flattened nesting: kept right step by step, so that no change costs more than what it touches.

The method is that of Dong, Libkin, Su and Wong, "Maintaining transitive closure of graphs in SQL" (1999), for graphs
without circles: of a path that is left after an edge went, take the last group above the edge. The way down to
it and the way on from the group after it never used the edge, so both are still in the closure.
"""

from uuid import UUID

from provisor.directory.models import Closure
from provisor.directory.statements import execute

_JOIN = """
    INSERT INTO directory_closure (ancestor_id, descendant_id)
    SELECT above.ancestor_id, below.descendant_id
    FROM directory_closure above, directory_closure below
    WHERE above.descendant_id = %(parent)s AND below.ancestor_id = %(child)s
    ON CONFLICT DO NOTHING
"""

# What stands directly on `top` or `bottom` stays: the second statement needs it to know who is above and below.
_FORGET = """
    DELETE FROM directory_closure
    WHERE ancestor_id IN (SELECT ancestor_id FROM directory_closure WHERE descendant_id = %(top)s)
      AND descendant_id IN (SELECT descendant_id FROM directory_closure WHERE ancestor_id = %(bottom)s)
      AND descendant_id <> %(top)s AND ancestor_id <> %(bottom)s
"""

_REMEMBER = """
    INSERT INTO directory_closure (ancestor_id, descendant_id)
    SELECT DISTINCT above.ancestor_id, below.descendant_id
    FROM directory_closure last
    JOIN directory_nesting edge ON edge.parent_id = last.ancestor_id
    JOIN directory_closure above ON above.descendant_id = edge.parent_id
    JOIN directory_closure below ON below.ancestor_id = edge.child_id
    WHERE last.descendant_id = %(top)s
      AND below.descendant_id IN (SELECT descendant_id FROM directory_closure WHERE ancestor_id = %(bottom)s)
    ON CONFLICT DO NOTHING
"""


def enter(group_id: UUID) -> None:
    """A new group: it contains itself."""
    Closure.objects.create(ancestor_id=group_id, descendant_id=group_id)


def join(parent_id: UUID, child_id: UUID) -> None:
    """The child was put into the parent: all above the parent now contain all below the child."""
    execute(_JOIN, parent=parent_id, child=child_id)


def part(parent_id: UUID, child_id: UUID) -> None:
    """The child was taken out of the parent (the nesting is gone already). Other ways between them remain."""
    execute(_FORGET, top=parent_id, bottom=child_id)
    execute(_REMEMBER, top=parent_id, bottom=child_id)


def leave(group_id: UUID) -> None:
    """The group goes (all its nestings are gone already): what was joined only through it is parted."""
    part(group_id, group_id)
    execute(
        "DELETE FROM directory_closure WHERE ancestor_id = %(group)s OR descendant_id = %(group)s",
        group=group_id,
    )


def contains(ancestor_id: UUID, descendant_id: UUID) -> bool:
    """Tell whether the one is the other, or contains it at any depth."""
    return Closure.objects.filter(ancestor_id=ancestor_id, descendant_id=descendant_id).exists()
