"""New groups whose members are new as well: they are taken together, so that one bulk request may hold them."""

from collections.abc import Sequence
from typing import Any

from provisor.planning.operation import Act
from provisor.provisioning.keys import Key
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.work import Newcomer, Work


def created(works: Sequence[Work]) -> list[Key]:
    """Return the users whose accounts are to be made."""
    return [work.link.local_id for work in works if work.link.kind == "user" and _creates(work)]


def group_rows(
    cursor: Any, context: Context, users: Sequence[Key], now: int, limit: int
) -> list[Sequence[Any]]:
    """Return the rows of new groups that these users are to be members of; `now` in Unix milliseconds."""
    if not (users and context.membership):
        return []
    statement = sql.NEW_GROUPS_OF.format(users=_marks(users))
    cursor.execute(statement, [context.key, Phase.GROUPS.value, now, *users, limit])
    rows: list[Sequence[Any]] = cursor.fetchall()
    return rows


def bring_newcomers(cursor: Any, work: Work, users: Sequence[Key]) -> None:
    """Tell the work of a new group which of its members are made together with it."""
    if _creates(work):
        statement = sql.NEWCOMERS.format(users=_marks(users))
        cursor.execute(statement, [work.link.id, *users])
        rows = cursor.fetchall()
        work.newcomers = tuple(Newcomer(row=row, user=user, display=name) for row, user, name in rows)


def _creates(work: Work) -> bool:
    return work.plan.operation is not None and work.plan.operation.act is Act.CREATE


def _marks(users: Sequence[Key]) -> str:
    return ", ".join(["%s"] * len(users))
