"""Plan the work for one group's link: its attributes, and its members as deltas in chunks (R6)."""

from typing import Any

from provisor.planning.absent import plan_absent_group
from provisor.planning.operation import Cause, Ending, Plan
from provisor.planning.present import plan_present
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.user_work import allowed, desired_of, unrendered
from provisor.provisioning.passes.work import DueLink, Member, Work
from provisor.scim.dialect import Dialect

#: Members taken up at once; the rest follows in the next claim, so that a huge group keeps its memory small.
MEMBERS_AT_ONCE = 2_000
#: So many times as many where they go together in bulk requests.
IN_BULK = 5

NO_SOURCE = "Not sent: the group is not in the directory any more."
WAITING_ONE = "1 of its members has no account there yet, and follows as soon as there is one."
WAITING = "{count} of its members have no account there yet; they follow as soon as they have one."


def plan_group_work(cursor: Any, context: Context, link: DueLink) -> Work:
    """Plan for a group: removals of members, then its attributes, then additions."""
    if not link.in_scope:
        plan = plan_absent_group(Cause(link.cause), link.known, context.switches["group"], context.dialect)
        return Work(link=link, plan=plan)
    if link.remote_id is not None and context.membership:
        removals = members_to_remove(cursor, context, link)
        if removals:
            return Work(link=link, plan=Plan(ending=Ending.IN_SYNC), removals=removals)
    if link.phase is Phase.MEMBER_REMOVALS:
        return Work(link=link, plan=Plan(ending=Ending.IN_SYNC), next_phase=Phase.GROUPS)
    work = plan_group_attributes(context, link)
    if work.sends or work.plan.ending is Ending.FAILED or not context.membership:
        return work
    return _plan_additions(cursor, context, link)


def plan_group_attributes(context: Context, link: DueLink) -> Work:
    """Plan what the group itself needs, its members apart."""
    if link.source is None:
        return Work(link=link, plan=Plan(ending=Ending.FAILED, reason=NO_SOURCE))
    mapping = context.mappings["group"]
    rendered = mapping.render(link.source, link.references)
    if rendered.problems:
        return Work(link=link, plan=Plan(ending=Ending.FAILED, reason=unrendered(rendered)))
    desired = desired_of(rendered, mapping.managed)
    plan = plan_present("group", desired, link.known, allowed(context, "group"))
    return Work(link=link, plan=plan, desired=desired)


def _plan_additions(cursor: Any, context: Context, link: DueLink) -> Work:
    """Members without an account wait and hold up nobody else."""
    additions = members_to_add(cursor, context, link)
    if additions:
        return Work(link=link, plan=Plan(ending=Ending.IN_SYNC), additions=additions)
    waiting = members_waiting(cursor, link)
    if waiting:
        return Work(link=link, plan=Plan(ending=Ending.WAITING, reason=_waits_for(waiting)))
    return Work(link=link, plan=Plan(ending=Ending.IN_SYNC))


def _waits_for(count: int) -> str:
    return WAITING_ONE if count == 1 else WAITING.format(count=count)


def members_to_remove(cursor: Any, context: Context, link: DueLink) -> tuple[Member, ...]:
    return _members(cursor, sql.MEMBERS_TO_REMOVE, context, link)


def members_to_add(cursor: Any, context: Context, link: DueLink) -> tuple[Member, ...]:
    return _members(cursor, sql.MEMBERS_TO_ADD, context, link)


def members_waiting(cursor: Any, link: DueLink) -> int:
    """Return how many members are to get an account and have none yet."""
    cursor.execute(sql.MEMBERS_WAITING, [link.id])
    return int(cursor.fetchone()[0])


def members_at_once(dialect: Dialect) -> int:
    """Return how many members of a group are taken up at once."""
    return MEMBERS_AT_ONCE * IN_BULK if dialect.bulk else MEMBERS_AT_ONCE


def _members(cursor: Any, statement: str, context: Context, link: DueLink) -> tuple[Member, ...]:
    cursor.execute(statement, [link.id, members_at_once(context.dialect)])
    return tuple(
        Member(
            row=row,
            remote_id=account if account is not None else "",
            replaces=former if former is not None and former != account else None,
            doubt=bool(doubt),
            display=display,
        )
        for row, display, former, account, doubt in cursor.fetchall()
    )
