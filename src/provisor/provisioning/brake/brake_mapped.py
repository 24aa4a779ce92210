"""Updates that deactivate: the mapping makes somebody inactive who is in scope, and the brake counts that, too (R10).

A changed rule may do that to everybody at once. What is held is the one attribute: the rest of the update goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from provisor.planning.allowance import WINDOW
from provisor.planning.operation import Act, Ending
from provisor.planning.present import plan_present
from provisor.provisioning.brake import brake_sql as sql
from provisor.provisioning.brake.brake import crossing_of, insert_holds
from provisor.provisioning.brake.releases import HELD_AGAIN, Effect, moment
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.user_work import allowed
from provisor.provisioning.passes.work import Work
from provisor.scim.known_attributes import as_boolean

#: The cause of such a hold; the link itself has none, since it stays in scope.
MAPPED = "mapped"
REJECTED = "Kept active: {who} rejected the deactivation that the mapping asks for."


@dataclass(frozen=True, slots=True)
class _Decision:
    id: Any
    state: str
    reason: str
    at: int
    by: str


def brake_updates(
    cursor: Any, context: Context, works: Sequence[Work], now: int, *, others: Callable[[], Iterable[Work]]
) -> list[Work]:
    """Return the works; those that would deactivate beyond the allowance are planned again without that.

    `others` gives everything that is due for users, for the batch is held as a whole.
    """
    decided = _decisions(cursor, context)
    deactivating = [work for work in works if deactivates(work)]
    if decided:
        _forget(cursor, works, decided, now)
    if not deactivating:
        return list(works)
    pending = [work for work in deactivating if not _is_decided(decided.get(work.link.id), now)]
    if pending:
        _hold(cursor, context, list(_undecided(others(), decided, now)), decided, now)
        decided = _decisions(cursor, context)
    return [_judged(context, work, decided) if deactivates(work) else work for work in works]


def deactivates(work: Work) -> bool:
    """Whether the planned update makes an account inactive that was live."""
    operation = work.plan.operation
    if operation is None or operation.act is not Act.UPDATE or work.link.kind != "user":
        return False
    live = as_boolean((work.link.sent or {}).get("active", True)) is True
    return live and any(
        change.path == "active" and as_boolean(change.value) is False for change in operation.changes
    )


def _decisions(cursor: Any, context: Context) -> dict[int, _Decision]:
    cursor.execute(sql.MAPPED, [context.key])
    return {row[1]: _Decision(row[0], *row[2:]) for row in cursor.fetchall()}


def _forget(cursor: Any, works: Iterable[Work], decided: dict[int, _Decision], now: int) -> None:
    """Who is not to be made inactive any more is neither held nor kept: the cause is over."""
    over = [
        (now, decided.pop(work.link.id).id)
        for work in works
        if work.link.id in decided and not deactivates(work)
    ]
    cursor.executemany(sql.CANCEL_HOLD, over)


def _is_decided(decision: _Decision | None, now: int) -> bool:
    """Held already, or decided by a person; a release counts for 24 hours."""
    if decision is None:
        return False
    return decision.state != "released" or decision.at > now - WINDOW


def _undecided(works: Iterable[Work], decided: dict[int, _Decision], now: int) -> Iterator[Work]:
    return (work for work in works if deactivates(work) and not _is_decided(decided.get(work.link.id), now))


def _hold(
    cursor: Any, context: Context, pending: Sequence[Work], decided: dict[int, _Decision], now: int
) -> None:
    crossing = crossing_of(cursor, context, "accounts", pending=len(pending), now=now)
    held = []
    for work in pending:
        late = decided.get(work.link.id)
        again = HELD_AGAIN.format(who=late.by or "somebody", at=moment(late.at)) if late else ""
        if late:
            cursor.execute(sql.END_RELEASE, ["lapsed", late.id])
        if again or crossing:
            held.append((effect_of(work.link.id, work.link.entry_id), again or crossing))
    insert_holds(cursor, context, held, now)


def effect_of(link: int, entry: int | None) -> Effect:
    return Effect(link=link, act="deactivate", cause=MAPPED, entry=entry)


def _judged(context: Context, work: Work, decided: dict[int, _Decision]) -> Work:
    decision = decided.get(work.link.id)
    if decision is None or decision.state == "released":
        return work
    if decision.state == "held":
        return _kept_active(context, work, Ending.HELD, decision.reason)
    return _kept_active(context, work, None, REJECTED.format(who=decision.by))


def _kept_active(context: Context, work: Work, ending: Ending | None, reason: str) -> Work:
    """Plan again, as if the account were to stay active."""
    assert work.desired is not None
    stays = (work.link.sent or {}).get("active", True)
    desired = replace(work.desired, values={**work.desired.values, "active": stays})
    plan = plan_present("user", desired, work.link.known, allowed(context, "user"))
    plan = replace(plan, ending=ending or plan.ending, reason=reason)
    return replace(work, plan=plan, desired=desired)
