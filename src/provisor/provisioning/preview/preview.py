"""The dry run: what a pass would do now, planned by the same code, and nothing written, here or there (R19)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from provisor.applications.models import Application
from provisor.planning.operation import Act
from provisor.planning.requests import PlannedRequest, member_requests, requests_of
from provisor.provisioning.brake import brake
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.fold.grants import read_grants
from provisor.provisioning.keys import Key, to_key, to_text
from provisor.provisioning.models import Link
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes import group_work
from provisor.provisioning.passes.context import Context, load_context
from provisor.provisioning.passes.delete_after import expire
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.take import braked, plan_work, read_link
from provisor.provisioning.passes.work import DueLink, Work

#: Before every id of a user or a group. Links have ids too, but those of a rehearsed link are new with each look.
FIRST = UUID(int=0)
BATCH = 500
MOST = 1_000

DUE = f"{sql.LINKS} WHERE l.application_id = %s AND l.state = 'due' AND l.local_id > %s ORDER BY l.local_id LIMIT %s"
ONE = f"{sql.LINKS} WHERE l.application_id = %s AND l.kind = %s AND l.local_id = %s"
HELD = "SELECT COUNT(*) FROM provisioning_hold WHERE application_id = %s AND state = 'held'"

#: Destructive operations first, then in the order of a pass.
ORDER = (
    Act.DELETE, Act.DEACTIVATE, Act.FIND_AND_DEPROVISION, Act.REMOVE_MEMBERS, Act.CREATE, Act.ADOPT, Act.UPDATE,
    Act.ADD_MEMBERS,
)  # fmt: skip

PART = "The requests for {shown:,} of {count:,} members are shown."
LATER = "{count} more follow once their accounts exist"


def plan_application(application_id: UUID, *, after: UUID = FIRST, limit: int = MOST) -> dict[str, Any]:
    """Return `{totals, held, operations, next}` of what a pass would do now.

    `totals` counts everything that is due by act (members singly); `operations` is one page, destructive ones first;
    `next` is the `after` of the next page as text, or None. `held` is how many operations wait for a person.
    Raises MappingRefused, and Application.DoesNotExist.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        context = _prepare(cursor, application_id)
        totals: Counter[str] = Counter()
        operations: list[dict[str, Any]] = []
        following: str | None = None
        shown = to_key(after)
        for local_id, described in _described(cursor, context):
            for operation in described:
                totals[operation["act"]] += operation["count"]
            if local_id <= shown or not described:
                continue
            if len(operations) < limit:
                operations += described
            elif following is None:
                following = operations[-1]["local_id"]
        cursor.execute(HELD, [context.key])
        held = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    operations.sort(key=lambda each: ORDER.index(each["act"]))
    forget_rehearsed(operations)
    return {"totals": dict(totals), "held": held, "operations": operations, "next": following}


def plan_one(application_id: UUID, kind: str, local_id: UUID) -> dict[str, Any]:
    """Return `{in_scope, state, ending, reason, operations}` for one user or group."""
    with transaction.atomic(), connection.cursor() as cursor:
        context = _prepare(cursor, application_id)
        cursor.execute(ONE, [context.key, kind, to_key(local_id)])
        row = cursor.fetchone()
        planned = None if row is None else _plan_link(cursor, context, read_link(row))
        transaction.set_rollback(True)
    if planned is None:
        return {"in_scope": False, "ending": "", "reason": NOT_IN_SCOPE, "operations": []}
    forget_rehearsed(planned["operations"])
    return planned


def _plan_link(cursor: Any, context: Context, link: DueLink) -> dict[str, Any]:
    work = plan_work(cursor, context, link, read_grants(cursor, context, [link.local_id]))
    (work,) = braked(cursor, context, [work], now())
    operations = _describe(cursor, context, link, work)
    ending, reason = work.plan.ending.value, work.plan.reason
    return {"in_scope": link.in_scope, "ending": ending, "reason": reason, "operations": operations}


NOT_IN_SCOPE = "No policy brings it to this application, and it never was there."


def forget_rehearsed(operations: list[dict[str, Any]]) -> None:
    """Take the id from what is planned for a link that only the rehearsal made: nobody can look it up."""
    found = Link.objects.filter(pk__in={each["link_id"] for each in operations})
    there = set(found.values_list("pk", flat=True))
    for operation in operations:
        if operation["link_id"] not in there:
            operation["link_id"] = None


def _prepare(cursor: Any, application_id: UUID) -> Context:
    """Fold what is pending, see what has expired and apply the brake, all within the transaction that is rolled back."""
    fold(now())
    expire(now())
    context = load_context(Application.objects.get(pk=application_id))
    for phase in (Phase.ACCOUNT_REMOVALS, Phase.MEMBER_REMOVALS, Phase.GROUP_DELETIONS):
        brake.hold_what_crosses(cursor, context, phase, now())
    return context


def _described(cursor: Any, context: Context) -> Iterator[tuple[Key, list[dict[str, Any]]]]:
    """Plan every due link, in batches."""
    last = to_key(FIRST)
    while True:
        cursor.execute(DUE, [context.key, last, BATCH])
        links = [read_link(row) for row in cursor.fetchall()]
        if not links:
            return
        grants = read_grants(cursor, context, [link.local_id for link in links if link.kind == "user"])
        works = [plan_work(cursor, context, link, grants) for link in links]
        for work in braked(cursor, context, works, now()):
            yield work.link.local_id, _describe(cursor, context, work.link, work)
        last = links[-1].local_id


def _describe(cursor: Any, context: Context, link: DueLink, work: Work) -> list[dict[str, Any]]:
    if link.kind == "group" and link.in_scope and context.dialect.groups:
        return _describe_group(cursor, context, link)
    operation = work.plan.operation
    if operation is None:
        return []
    matching = context.matching[link.kind]
    requests = requests_of(operation, context.dialect, remote_id=link.remote_id, matching=matching)
    return [_row(link, operation.act, requests, operation.reason)]


def _describe_group(cursor: Any, context: Context, link: DueLink) -> list[dict[str, Any]]:
    """Describe all that a group needs: a pass does it in several steps."""
    rows: list[dict[str, Any]] = []
    operation = group_work.plan_group_attributes(context, link).plan.operation
    if operation is not None:
        matching = context.matching["group"]
        requests = requests_of(operation, context.dialect, remote_id=link.remote_id, matching=matching)
        rows.append(_row(link, operation.act, requests, operation.reason))
    if context.membership:
        rows += _describe_members(cursor, context, link)
    return rows


def _describe_members(cursor: Any, context: Context, link: DueLink) -> list[dict[str, Any]]:
    removed = (
        [m.remote_id for m in group_work.members_to_remove(cursor, context, link)] if link.remote_id else []
    )
    added = [m.remote_id for m in group_work.members_to_add(cursor, context, link)]
    later = group_work.members_waiting(cursor, link)
    leave = _counted(cursor, sql.COUNT_TO_REMOVE, link) if link.remote_id else 0
    join = _counted(cursor, sql.COUNT_TO_ADD, link)
    rows: list[dict[str, Any]] = []
    target = link.remote_id or "{id}"
    if removed:
        requests = member_requests(target, [], removed, context.dialect)
        rows.append(_row(link, Act.REMOVE_MEMBERS, requests, _shown(len(removed), leave), count=leave))
    if added or later:
        requests = member_requests(target, added, [], context.dialect) if added else []
        reason = " ".join(
            filter(None, [_shown(len(added), join), LATER.format(count=later) if later else ""])
        )
        rows.append(_row(link, Act.ADD_MEMBERS, requests, reason, count=join + later))
    return rows


def _counted(cursor: Any, statement: str, link: DueLink) -> int:
    cursor.execute(statement, [link.id])
    return int(cursor.fetchone()[0])


def _shown(shown: int, count: int) -> str:
    """A plan shows the requests of so many members of one group: those of the others look the same."""
    return PART.format(shown=shown, count=count) if shown < count else ""


def _row(
    link: DueLink, act: Act, requests: list[PlannedRequest], reason: str, *, count: int = 1
) -> dict[str, Any]:
    return {
        "act": act.value,
        "kind": link.kind,
        "name": link.name,
        "local_id": to_text(link.local_id),
        "link_id": link.id,
        "count": count,
        "reason": reason,
        "requests": [asdict(request) for request in requests],
    }
