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
from provisor.provisioning import brake, group_work
from provisor.provisioning import engine_sql as sql
from provisor.provisioning.clock import now
from provisor.provisioning.context import Context, load_context
from provisor.provisioning.fold import fold
from provisor.provisioning.grants import read_grants
from provisor.provisioning.keys import to_key, to_text
from provisor.provisioning.phases import Phase
from provisor.provisioning.take import plan_work, read_link
from provisor.provisioning.work import DueLink, Work

BATCH = 500
MOST = 1_000

DUE = f"{sql.LINKS} WHERE l.application_id = %s AND l.state = 'due' AND l.id > %s ORDER BY l.id LIMIT %s"
ONE = f"{sql.LINKS} WHERE l.application_id = %s AND l.kind = %s AND l.local_id = %s"
HELD = "SELECT COUNT(*) FROM provisioning_hold WHERE application_id = %s AND state = 'held'"

#: Destructive operations first, then in the order of a pass.
ORDER = (
    Act.DELETE, Act.DEACTIVATE, Act.FIND_AND_DEPROVISION, Act.REMOVE_MEMBERS, Act.CREATE, Act.ADOPT, Act.UPDATE,
    Act.ADD_MEMBERS,
)  # fmt: skip

LATER = "{count} more follow once their accounts exist"


def plan_application(application_id: UUID, *, after: int = 0, limit: int = MOST) -> dict[str, Any]:
    """Return `{totals, held, operations, next}` of what a pass would do now.

    `totals` counts everything that is due by act (members singly); `operations` is one page, destructive ones first;
    `next` is the `after` of the next page, or None. `held` is how many operations wait for a person.
    Raises MappingRefused, and Application.DoesNotExist.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        context = _prepare(cursor, application_id)
        totals: Counter[str] = Counter()
        operations: list[dict[str, Any]] = []
        following: int | None = None
        for link_id, described in _described(cursor, context):
            for operation in described:
                totals[operation["act"]] += operation["count"]
            if link_id <= after or not described:
                continue
            if len(operations) < limit:
                operations += described
            elif following is None:
                following = operations[-1]["link_id"]
        cursor.execute(HELD, [context.key])
        held = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    operations.sort(key=lambda each: ORDER.index(each["act"]))
    return {"totals": dict(totals), "held": held, "operations": operations, "next": following}


def plan_one(application_id: UUID, kind: str, local_id: UUID) -> dict[str, Any]:
    """Return `{in_scope, state, ending, reason, operations}` for one user or group."""
    with transaction.atomic(), connection.cursor() as cursor:
        context = _prepare(cursor, application_id)
        cursor.execute(ONE, [context.key, kind, to_key(local_id)])
        row = cursor.fetchone()
        transaction.set_rollback(True)
        if row is None:
            return {"in_scope": False, "ending": "", "reason": NOT_IN_SCOPE, "operations": []}
        link = read_link(row)
        work = plan_work(cursor, context, link, read_grants(cursor, context, [link.local_id]))
        operations = _describe(cursor, context, link, work)
    ending, reason = work.plan.ending.value, work.plan.reason
    return {"in_scope": link.in_scope, "ending": ending, "reason": reason, "operations": operations}


NOT_IN_SCOPE = "No policy brings it to this application, and it never was there."


def _prepare(cursor: Any, application_id: UUID) -> Context:
    """Fold what is pending and apply the brake, all within the transaction that is rolled back."""
    fold(now())
    context = load_context(Application.objects.get(pk=application_id))
    for phase in (Phase.ACCOUNT_REMOVALS, Phase.MEMBER_REMOVALS):
        brake.hold_what_crosses(cursor, context, phase, now())
    return context


def _described(cursor: Any, context: Context) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Plan every due link, in batches."""
    last = 0
    while True:
        cursor.execute(DUE, [context.key, last, BATCH])
        links = [read_link(row) for row in cursor.fetchall()]
        if not links:
            return
        grants = read_grants(cursor, context, [link.local_id for link in links if link.kind == "user"])
        for link in links:
            yield link.id, _describe(cursor, context, link, plan_work(cursor, context, link, grants))
        last = links[-1].id


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
    removed = [m.remote_id for m in group_work.members_to_remove(cursor, link)] if link.remote_id else []
    added = [m.remote_id for m in group_work.members_to_add(cursor, link)]
    later = group_work.members_waiting(cursor, link)
    rows: list[dict[str, Any]] = []
    target = link.remote_id or "{id}"
    if removed:
        requests = member_requests(target, [], removed, context.dialect)
        rows.append(_row(link, Act.REMOVE_MEMBERS, requests, "", count=len(removed)))
    if added or later:
        requests = member_requests(target, added, [], context.dialect) if added else []
        reason = LATER.format(count=later) if later else ""
        rows.append(_row(link, Act.ADD_MEMBERS, requests, reason, count=len(added) + later))
    return rows


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
