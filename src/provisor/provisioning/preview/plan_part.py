"""One part of a dry run: so many due links, destructive ones first, so that a plan of any size is shown at once.

`preview.plan_application` plans everything that is due; here the work of one answer has a bound, and what was not
planned yet is said in numbers.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from provisor.provisioning.clock import now
from provisor.provisioning.fold.grants import read_grants
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.take import braked, plan_work, read_link
from provisor.provisioning.preview.preview import (
    FIRST,
    HELD,
    ORDER,
    _describe,
    _prepare,
    forget_rehearsed,
)

#: Links that are planned to say the totals.
COUNTED = 500
#: Links that are looked through for the rows of one part.
LOOKED_THROUGH = 500
ROWS = 50
BATCH = 500

#: Deletions of groups take away too: they come before everything that gives.
_RANK = "CASE l.phase WHEN 6 THEN 2 WHEN 0 THEN 0 WHEN 1 THEN 1 ELSE l.phase + 1 END"
_DUE = "FROM provisioning_link l WHERE l.application_id = %s AND l.state = 'due'"
_BEYOND = f"({_RANK} > %s OR ({_RANK} = %s AND l.local_id > %s))"
#: The ids alone are sorted; what a link is rendered from is read for those of one batch only.
_NEXT = f"SELECT l.id, {_RANK}, l.local_id {_DUE} AND {_BEYOND} ORDER BY {_RANK}, l.local_id LIMIT %s"
_THESE = f"{sql.LINKS} WHERE l.id IN ({{ids}})"
_COUNTS = f"""
SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT ({_BEYOND}) THEN 1 ELSE 0 END), 0) {_DUE}
"""

#: Rank of a link and whose it is: where the next part begins. The id of a rehearsed link is another with each look.
Place = tuple[int, UUID]
START: Place = (-1, FIRST)
#: A due link with the operations that were planned for it.
Step = tuple[Place, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """One part of a plan, as `preview` describes operations."""

    #: Links that are due in all.
    due: int
    #: Operations by act (members singly) of the first `counted` links.
    totals: dict[str, int]
    counted: int
    #: Of these, how many need no request.
    quiet: int
    operations: tuple[dict[str, Any], ...]
    #: Links that were due before this part, and those up to its end.
    before: int
    until: int
    #: Where the next part begins; None at the end.
    following: Place | None
    #: Operations that wait for a person.
    held: int

    @property
    def complete(self) -> bool:
        """Whether the totals are those of everything that is due."""
        return self.counted >= self.due


def plan_part(
    application_id: UUID, *, after: Place = START, act: str = "", rows: int = ROWS, counted: int = COUNTED
) -> PlanPart:
    """Plan the due links after a place until there are `rows` operations (of one `act`, if given).

    Nothing is written, here or there. Raises MappingRefused, and Application.DoesNotExist.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        context = _prepare(cursor, application_id)
        due, before = _count(cursor, context, after)
        first = list(_described(cursor, context, START, counted))
        # the first part is planned for the totals already
        is_first = after == START and counted >= LOOKED_THROUGH
        walk = first if is_first else _described(cursor, context, after, LOOKED_THROUGH if rows else 0)
        operations, through, last = _rows(walk, after, act, rows)
        cursor.execute(HELD, [context.key])
        held = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    forget_rehearsed(operations)
    return PlanPart(
        due=due, totals=_totals(first), counted=len(first), quiet=sum(not described for _, described in first),
        operations=tuple(operations), before=before, until=before + through,
        following=last if before + through < due else None, held=held,
    )  # fmt: skip


def _count(cursor: Any, context: Context, after: Place) -> tuple[int, int]:
    rank, last = after
    cursor.execute(_COUNTS, [rank, rank, to_key(last), context.key])
    due, before = cursor.fetchone()
    return int(due), int(before)


def _totals(walk: Iterable[Step]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for _place, described in walk:
        for operation in described:
            totals[operation["act"]] += operation["count"]
    return {act.value: totals[act.value] for act in ORDER if totals[act.value]}


def _rows(walk: Iterable[Step], after: Place, act: str, rows: int) -> tuple[list[dict[str, Any]], int, Place]:
    """Return the operations, through how many links it looked, and where it stopped."""
    found: list[dict[str, Any]] = []
    through, last = 0, after
    for place, described in walk if rows else ():
        through, last = through + 1, place
        found += [operation for operation in described if act in ("", operation["act"])]
        if len(found) >= rows:
            break
    found.sort(key=lambda each: ORDER.index(each["act"]))
    return found, through, last


def _described(cursor: Any, context: Context, after: Place, most: int) -> Iterator[Step]:
    """Plan at most so many due links after a place, in batches."""
    rank, last = after
    while most > 0:
        size = min(BATCH, most)
        cursor.execute(_NEXT, [context.key, rank, rank, to_key(last), size])
        places = {int(link): (int(place), to_uuid(whose)) for link, place, whose in cursor.fetchall()}
        yield from _planned(cursor, context, places)
        if len(places) < size:
            return
        most -= size
        rank, last = max(places.values())


def _planned(cursor: Any, context: Context, places: dict[int, Place]) -> Iterator[Step]:
    """Plan these links, in the order of their places."""
    if not places:
        return
    cursor.execute(_THESE.format(ids=", ".join(["%s"] * len(places))), list(places))
    links = sorted((read_link(row) for row in cursor.fetchall()), key=lambda link: places[link.id])
    grants = read_grants(cursor, context, [link.local_id for link in links if link.kind == "user"])
    works = [plan_work(cursor, context, link, grants) for link in links]
    for work in braked(cursor, context, works, now()):
        yield places[work.link.id], _describe(cursor, context, work.link, work)
