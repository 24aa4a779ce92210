"""Take due links: claim, render, plan and record intents, all in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, transaction

from provisor.planning.drift import NOTHING, Memory
from provisor.planning.operation import Act, Ending, Plan
from provisor.provisioning.batches import execute_batch
from provisor.provisioning.brake import brake, brake_mapped
from provisor.provisioning.fold.grants import Grants, read_grants
from provisor.provisioning.homes.epoch import hold
from provisor.provisioning.keys import to_text
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes import newcomers
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.group_work import plan_group_work
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.settle import wake_bereft
from provisor.provisioning.passes.travelling import keep_waiting
from provisor.provisioning.passes.user_work import plan_user_work
from provisor.provisioning.passes.work import DueLink, Work
from provisor.scim.schemas import ENTERPRISE_SCHEMA

EXCLUDED = "Protected: it is on the application's list of exclusions, so nothing is ever sent for it."
UNSUPPORTED = {
    "user": "The application has no users in SCIM, so nothing is sent for them.",
    "group": "The application has no groups in SCIM, so nothing is sent for them.",
}
#: Links that are planned at once where all have to be.
BATCH = 500
#: Links that are taken at once of what has failed before, until the application has confirmed anything in this pass: an
#: application that fails on and on shall not hold up the database for the others (R7).
TRIED = 32
#: What names a resource, whether it is searched for by that or not.
NAME = {"user": "userName", "group": "displayName"}
#: Wherever something may be taken away: the removals of a group are sent in any of its phases.
BRAKED = frozenset(
    {
        Phase.ACCOUNT_REMOVALS, Phase.MEMBER_REMOVALS, Phase.GROUPS, Phase.MEMBER_ADDITIONS, Phase.GROUP_DELETIONS,
    }
)  # fmt: skip


class Taken:
    """What one claim brought: works to carry out, and how many links came to rest without a request."""

    __slots__ = ("phase", "rested", "works")

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.rested = 0
        self.phase: Phase | None = None

    def __bool__(self) -> bool:
        return bool(self.works) or self.rested > 0


def take(
    context: Context, *, now: int, limit: int, phases: Sequence[Phase] = tuple(Phase), refers: bool = False,
    carefully: bool = False,
) -> Taken:  # fmt: skip
    """Claim due links of the first phase that has any, plan them, and record the intents of what is to be sent.

    Raises FencedError where another worker has taken the application and anything is due.
    `now` in Unix milliseconds. Links for which nothing has to be sent come to rest in the same transaction.
    `refers`: with new users come the new groups that they are to be members of. `carefully`: of what has failed before,
    only a few.
    """
    taken = Taken()
    due = _due_among(context, phases, now)
    if not due:
        return taken
    with transaction.atomic(), connection.cursor() as cursor:
        hold(cursor, context)
        while due:
            phase = due.pop(0)
            links = _claim(cursor, context, phase, now, limit)
            if links and phase in BRAKED:
                brake.hold_what_crosses(cursor, context, phase, now)
                links = _claim(cursor, context, phase, now, limit)
                # what is left of a link that is held may be due in another phase
                due = [each for each in phases if each > phase]
            if links:
                if carefully and (links[0].attempts or links[0].doubt):
                    links = links[:TRIED]
                taken.phase = phase
                _plan_all(cursor, context, links, now, taken)
                if refers and phase is Phase.USERS:
                    _plan_groups_of(cursor, context, limit, now, taken)
                break
    return taken


def _due_among(context: Context, phases: Iterable[Phase], now: int) -> list[Phase]:
    """Return the phases that have anything due: most of the time there is nothing, and no transaction is needed."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.DUE_PHASES, [value for phase in Phase for value in (context.key, phase.value, now)]
        )
        due = {phase for phase, found in zip(Phase, cursor.fetchone(), strict=True) if found}
    return [phase for phase in phases if phase in due]


def _claim(cursor: Any, context: Context, phase: Phase, now: int, limit: int) -> list[DueLink]:
    while True:
        cursor.execute(sql.CLAIM, [context.key, phase.value, now, limit])
        claimed = [read_link(row) for row in cursor.fetchall()]
        links = keep_waiting(cursor, claimed, now)
        # those that wait are not claimed again: behind them there may be others
        if links or not claimed:
            return links


def read_link(row: Sequence[Any]) -> DueLink:
    """Read one row of the claim."""
    user, group = row[15:20], row[20:23]
    if row[1] == "user":
        name, source, references = _user_source(row[2], user)
    else:
        name, source, references = _group_source(row[2], group)
    return DueLink(
        id=row[0], kind=row[1], local_id=row[2], remote_id=row[3], origin=row[4], in_scope=bool(row[5]), cause=row[6],
        generation=row[7], phase=Phase(row[8]), sent=_json(row[9]), doubt=_json(row[10]) or {}, verified=bool(row[11]),
        etag=row[12], attempts=row[13], entry_id=row[14], name=name, source=source, references=references,
        memory=NOTHING if row[9] is None else _memory(row),
    )  # fmt: skip


def _memory(row: Sequence[Any]) -> Memory:
    return Memory(
        sent=_json(row[9]), observed=_json(row[23]), unshown=frozenset(_json(row[24]) or ()), baseline=_json(row[25]),
        written_since=bool(row[26]),
    )  # fmt: skip


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _user_source(
    local_id: Any, user: Sequence[Any]
) -> tuple[str, dict[str, Any] | None, dict[str, str | None]]:
    user_name, active, document, manager_id, manager_remote_id = user
    if user_name is None:
        return to_text(local_id), None, {}
    source: dict[str, Any] = _json(document)
    source["id"], source["active"] = to_text(local_id), bool(active)
    references: dict[str, str | None] = {}
    if manager_id is not None:
        manager = source.get(ENTERPRISE_SCHEMA, {}).get("manager", {}).get("value") or to_text(manager_id)
        references[manager] = manager_remote_id
    return user_name, source, references


def _group_source(
    local_id: Any, group: Sequence[Any]
) -> tuple[str, dict[str, Any] | None, dict[str, str | None]]:
    display_name, external_id, document = group
    if display_name is None:
        return to_text(local_id), None, {}
    source: dict[str, Any] = {**(_json(document) or {}), "id": to_text(local_id), "displayName": display_name}
    if external_id:
        source["externalId"] = external_id
    return display_name, source, {}


def _plan_all(cursor: Any, context: Context, links: list[DueLink], now: int, taken: Taken) -> None:
    grants = read_grants(cursor, context, [link.local_id for link in links if link.kind == "user"])
    planned = [plan_work(cursor, context, link, grants) for link in links]
    _keep(cursor, context, planned, now, taken)


def _plan_groups_of(cursor: Any, context: Context, limit: int, now: int, taken: Taken) -> None:
    """Plan the new groups of those who are taken and new, too: they may go in the same bulk request."""
    users = newcomers.created(taken.works)
    rows = newcomers.group_rows(cursor, context, users, now, max(1, limit - len(users)))
    grants = read_grants(cursor, context, [])
    planned = [plan_work(cursor, context, read_link(row), grants) for row in rows]
    for work in planned:
        newcomers.bring_newcomers(cursor, work, users)
    _keep(cursor, context, planned, now, taken)


def _keep(cursor: Any, context: Context, planned: list[Work], now: int, taken: Taken) -> None:
    """Record the intents of what is to be sent, and bring the others to rest."""
    sent: list[Work] = []
    rests: list[Work] = []
    for work in braked(cursor, context, planned, now):
        (sent if work.sends else rests).append(work)
    taken.works += sent
    taken.rested += len(rests)
    if sent:
        intents = [(orjson.dumps(intent_of(work)).decode(), work.link.id) for work in sent]
        execute_batch(cursor, sql.RECORD_INTENT, sql.RECORD_INTENT_TYPES, intents)
    _rest(cursor, rests, now)
    gone = [
        work.link.local_id for work in rests if work.plan.ending is Ending.GONE and work.link.kind == "user"
    ]
    wake_bereft(cursor, context.key, gone)


def braked(cursor: Any, context: Context, works: list[Work], now: int) -> list[Work]:
    """Apply the brake to planned updates; shared by the pass and the dry run (R19)."""
    if not any(work.link.kind == "user" and work.link.in_scope for work in works):
        return works
    return brake_mapped.brake_updates(cursor, context, works, now, others=lambda: _all_users(cursor, context))


def _all_users(cursor: Any, context: Context) -> Iterator[Work]:
    """Plan everything that is due for users in scope, in batches."""
    last = 0
    while True:
        cursor.execute(sql.DUE_USERS, [context.key, last, BATCH])
        links = [read_link(row) for row in cursor.fetchall()]
        if not links:
            return
        grants = read_grants(cursor, context, [link.local_id for link in links])
        yield from [plan_work(cursor, context, link, grants) for link in links]
        last = links[-1].id


def plan_work(cursor: Any, context: Context, link: DueLink, grants: Grants) -> Work:
    """Plan one link; shared by the pass, the dry run and the on-demand act (R19)."""
    if link.kind == "user" and link.source is not None and context.excluded(link.source):
        return Work(link=link, plan=Plan(ending=Ending.EXCLUDED, reason=EXCLUDED))
    if not context.dialect.has(link.kind):
        return Work(link=link, plan=Plan(ending=Ending.MISSING, reason=UNSUPPORTED[link.kind]))
    if link.kind == "user":
        work = plan_user_work(context, link, grants)
    else:
        work = plan_group_work(cursor, context, link)
    work.matching = context.matching[link.kind]
    return work


def intent_of(work: Work) -> dict[str, Any]:
    """Say what a write may change, so that it can be put in doubt when no outcome is ever recorded."""
    operation = work.plan.operation
    members = [member.row for member in work.additions + work.removals]
    members += [member.row for member in work.newcomers]
    intent: dict[str, Any] = {"members": members} if members else {}
    if operation is None:
        return intent
    match operation.act:
        case Act.CREATE:
            intent["create"] = True
            intent["as"] = [sought(work, operation.values)]
        case Act.DELETE | Act.FIND_AND_DEPROVISION:
            intent["delete"] = True
            intent["create"] = operation.act is Act.FIND_AND_DEPROVISION
        case _:
            intent["paths"] = [change.path for change in operation.changes]
    return intent


def sought(work: Work, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by which a resource is found again, even after its user was renamed here meanwhile."""
    paths = dict.fromkeys((*work.matching, NAME[work.link.kind], "externalId"))
    return {path: values[path] for path in paths if isinstance(values.get(path), str)}


def _rest(cursor: Any, works: list[Work], now: int) -> None:
    """Bring links to rest for which nothing is to be sent."""
    gone = [(work.link.id,) for work in works if work.plan.ending is Ending.GONE]
    moved = [(work.next_phase.value, work.link.id) for work in works if work.next_phase is not None]
    resting = [
        (work.plan.ending.value, work.plan.reason, now, work.link.id)
        for work in works
        if work.plan.ending is not Ending.GONE and work.next_phase is None
    ]
    for statement, rows in (
        (sql.DELETE_LINK_MEMBERS, gone),
        (sql.DELETE_LINK, gone),
        (sql.NEXT_PHASE, moved),
        (sql.REST, resting),
    ):
        if rows:
            cursor.executemany(statement, rows)
