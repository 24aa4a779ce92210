"""Settle: store outcomes, member progress and attempts of many works in one transaction (engine.md, section 3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction

from provisor.provisioning.batches import execute_batch, execute_wide
from provisor.provisioning.brake.brake_mapped import MAPPED
from provisor.provisioning.homes.epoch import hold
from provisor.provisioning.keys import Key
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.conflicts import wake_conflicts
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.travelling import reason_until
from provisor.provisioning.passes.work import MemberProgress, Outcome

TAKEN = (
    "The application answered with the id {id}, which is linked to somebody else already. Nothing more is sent; "
    "find out which account it is, then link it by hand."
)


@dataclass(slots=True)
class Ledger:
    """What happened since the last settlement."""

    outcomes: list[Outcome] = field(default_factory=list)
    progress: list[MemberProgress] = field(default_factory=list)
    #: Rows for `INSERT_ATTEMPT`.
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    #: The run with its counts so far, so that whoever watches it sees how far it is.
    run: tuple[Key, dict[str, int]] | None = None
    #: Unix milliseconds until which the application asked to be left alone; 0 when it did not.
    asked_until: int = 0

    def __bool__(self) -> bool:
        return bool(self.outcomes or self.progress or self.attempts)


def settle(context: Context, ledger: Ledger, *, now: int) -> None:
    """Store everything in one commit; raises FencedError, and stores nothing, when the epoch has moved on."""
    with transaction.atomic(), connection.cursor() as cursor:
        hold(cursor, context)
        if ledger.attempts:
            execute_batch(cursor, sql.INSERT_ATTEMPT, sql.INSERT_ATTEMPT_TYPES, ledger.attempts)
        if ledger.run is not None:
            cursor.execute(sql.COUNT_RUN, [_dump(ledger.run[1]), ledger.run[0]])
        if ledger.asked_until:
            cursor.execute(sql.ASKED_UNTIL, [ledger.asked_until, context.base_url, context.key])
        _settle_members(cursor, context, ledger.progress, now)
        _settle_links(cursor, ledger.outcomes, now)
        _settle_access(cursor, context, ledger.outcomes, now)
        wake_conflicts(cursor, context.key, ledger.outcomes)
        wake_bereft(cursor, context.key, [o.work.link.local_id for o in ledger.outcomes if _is_gone_user(o)])
        wake_dependents(
            cursor, context.key, [o.work.link.local_id for o in ledger.outcomes if _is_new_account(o)]
        )


def _is_new_account(outcome: Outcome) -> bool:
    return outcome.linked and outcome.work.link.kind == "user"


def _is_gone_user(outcome: Outcome) -> bool:
    return outcome.gone and outcome.work.link.kind == "user"


def _is_gone_group(outcome: Outcome) -> bool:
    return outcome.gone and outcome.work.link.kind == "group"


def _settle_links(cursor: Any, outcomes: Sequence[Outcome], now: int) -> None:
    gone = [(o.work.link.id,) for o in outcomes if o.gone]
    rows: tuple[tuple[str, list[tuple[Any, ...]]], ...] = (
        (sql.INSERT_GROUP_DEPARTURE, [(now, o.work.link.id) for o in outcomes if _is_gone_group(o)]),
        (sql.RELEASE_DONE, [(o.work.link.id,) for o in outcomes if _is_gone_group(o)]),
        (sql.DOUBT_MEMBERSHIPS_OF_GONE, [(link, link) for (link,) in gone]),
        (sql.DELETE_LINK_MEMBERS, gone),
        (sql.CLOSE_FINDINGS, [(now, link) for (link,) in gone]),
        (sql.DELETE_LINK, gone),
        (sql.RENEW_MEMBERS_OF_GONE, gone),
        (sql.RENEW_GONE, gone),
        (sql.FAIL, [_fail_row(o, now) for o in outcomes if not (o.confirmed or o.gone)]),
    )
    for statement, parameters in rows:
        if parameters:
            cursor.executemany(statement, parameters)
    confirmed = [_confirm_row(o, now) for o in outcomes if o.confirmed and not o.gone]
    if confirmed:
        _confirm(cursor, confirmed)


def _confirm(cursor: Any, rows: list[tuple[Any, ...]]) -> None:
    """Store what was confirmed; one link that breaks a rule of the database harms only itself (R7)."""
    try:
        with transaction.atomic():
            execute_batch(cursor, sql.CONFIRM, sql.CONFIRM_TYPES, rows)
    except IntegrityError:
        for row in rows:
            _confirm_alone(cursor, row)


def _confirm_alone(cursor: Any, row: tuple[Any, ...]) -> None:
    try:
        with transaction.atomic():
            execute_batch(cursor, sql.CONFIRM, sql.CONFIRM_TYPES, [row])
    except IntegrityError:
        cursor.execute(sql.CONFLICT, [TAKEN.format(id=row[1]), row[0]])


def _confirm_row(outcome: Outcome, now: int) -> tuple[Any, ...]:
    link = outcome.work.link
    state = "due" if outcome.next_phase is not None else outcome.state
    phase = link.phase if outcome.next_phase is None else outcome.next_phase
    return (
        link.id, outcome.remote_id, outcome.origin, _dump(outcome.sent), _dump(outcome.observed),
        _dump(sorted(outcome.unshown) or None), outcome.etag, now,
        link.generation, state, int(phase), outcome.reason, _dump(outcome.doubt),
        now + outcome.wait if outcome.wait else 0,
    )  # fmt: skip


def _fail_row(outcome: Outcome, now: int) -> tuple[Any, ...]:
    link = outcome.work.link
    attempts = link.attempts + 1 if outcome.counts else link.attempts
    generation = link.generation
    return (
        _dump(outcome.doubt), attempts, now, generation, now + outcome.wait if outcome.wait else 0,
        generation, outcome.state, generation, outcome.reason, link.id,
    )  # fmt: skip


def _dump(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _settle_members(cursor: Any, context: Context, progress: Iterable[MemberProgress], now: int) -> None:
    added = [(member.remote_id, member.row) for chunk in progress for member in chunk.added]
    removed = [(member.row,) for chunk in progress for member in chunk.removed]
    doubted = [(member.row,) for chunk in progress for member in chunk.doubted]
    if added:
        execute_batch(cursor, sql.CONFIRM_MEMBER, sql.CONFIRM_MEMBER_TYPES, added)
    if removed:
        rows = [row for (row,) in removed]
        marks = ", ".join(["%s"] * len(rows))
        cursor.execute(sql.INSERT_MEMBER_DEPARTURES.format(rows=marks), [context.key, now, *rows])
        cursor.execute(sql.MEMBER_RELEASES_DONE.format(rows=marks), [*rows, *rows])
        for statement in sql.CONFIRM_REMOVAL:
            cursor.executemany(statement, removed)
    if doubted:
        cursor.executemany(sql.DOUBT_MEMBER, doubted)


def _settle_access(cursor: Any, context: Context, outcomes: Iterable[Outcome], now: int) -> None:
    """Keep the intervals in which an account was live, and count departures for the brake."""
    opened, closed, departures = [], [], []
    for outcome in outcomes:
        link = outcome.work.link
        if outcome.access == "opened":
            opened.append((context.key, link.local_id, outcome.remote_id, now, _why_live(outcome)))
        elif outcome.access == "closed":
            closed.append((now, link.cause or MAPPED, context.key, link.local_id))
        if outcome.departed:
            departures.append((context.key, now, link.id, link.cause or MAPPED))
    if opened:
        execute_batch(cursor, sql.OPEN_INTERVAL, sql.OPEN_INTERVAL_TYPES, opened)
    for statement, rows in (
        (sql.CLOSE_INTERVAL, closed),
        (sql.INSERT_DEPARTURE, departures),
        (sql.RELEASE_DONE, [(link,) for _, _, link, _ in departures]),
    ):
        if rows:
            cursor.executemany(statement, rows)


def _why_live(outcome: Outcome) -> str:
    """The cause at the beginning of an interval: a new account, one that was there, or one that came back."""
    link = outcome.work.link
    if link.remote_id is not None and link.sent:
        return "reactivated"
    return "adopted" if outcome.origin == "adopted" else "assigned"


def wake_dependents(cursor: Any, key: Key, users: Sequence[Key]) -> None:
    """An account exists now: whoever waited for its remote id is due."""
    if not users:
        return
    marks = ", ".join(["%s"] * len(users))
    execute_wide(cursor, sql.MEMBERS_OF_NEW_ACCOUNTS.format(users=marks), [*users, key, key])
    if cursor.rowcount:
        execute_wide(cursor, sql.WAKE_GROUPS_OF_NEW_ACCOUNTS.format(users=marks), [key, *users])
    execute_wide(cursor, sql.WAKE_WAITING_GROUPS.format(users=marks), [key, *users])
    execute_wide(cursor, sql.WAKE_WAITING_REPORTS.format(users=marks), [*users, key])


def wake_bereft(cursor: Any, key: Key, users: Sequence[Key]) -> None:
    """An account is gone: who refers to it drops the reference (R4), and no group waits for it any more."""
    if not users:
        return
    marks = ", ".join(["%s"] * len(users))
    cursor.execute(sql.WAKE_REPORTS_OF_GONE.format(users=marks), [key, *users])
    cursor.execute(sql.WAKE_GROUPS_OF_GONE.format(users=marks), [key, *users])


def recover(context: Context, *, now: int, until: int) -> int:
    """Put in doubt what a pass that ended uncleanly had under way (R1); returns how many links.

    `until` in Unix milliseconds: nothing is done for these links before, since their requests may still arrive.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        hold(cursor, context)
        cursor.execute(sql.UNDECIDED, [now, context.key])
        cursor.execute(sql.OPEN_INTENTS, [context.key])
        rows = cursor.fetchall()
        for link, intent, doubt, reason in rows:
            recovered = merge_doubt(_load(intent), _load(doubt))
            members = recovered.pop("members", ())
            cursor.executemany(sql.DOUBT_MEMBER, [(row,) for row in members])
            said = reason
            if until > now:
                recovered["until"], said = until, reason_until(until)
            cursor.execute(sql.INTENT_TO_DOUBT, [_dump(recovered or None), max(until, now), said, link])
    return len(rows)


def merge_doubt(intent: dict[str, Any], doubt: dict[str, Any] | None) -> dict[str, Any]:
    """Join what is in doubt already with what a further write may have changed."""
    if not doubt:
        return dict(intent)
    paths = sorted({*doubt.get("paths", ()), *intent.get("paths", ())})
    merged = {**doubt, **intent}
    former = [*doubt.get("as", ())]
    former += [each for each in intent.get("as", ()) if each not in former]
    if former:
        merged["as"] = former
    if paths:
        merged["paths"] = paths
    return merged


def _load(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


#: Phases whose links are leavers: one connection is kept for them.
LEAVER_PHASES = (Phase.ACCOUNT_REMOVALS, Phase.MEMBER_REMOVALS)
