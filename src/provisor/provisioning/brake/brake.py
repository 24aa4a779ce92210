"""The brake: destructive operations beyond the allowance are held for a person (R10; engine.md, section 8)."""

from collections.abc import Sequence
from typing import Any

import orjson

from provisor.identifiers import uuid7
from provisor.planning.allowance import WINDOW, allowance, crosses
from provisor.planning.deprovision import DEFAULT_ACTIONS, Deprovision, deprovision
from provisor.planning.operation import Cause
from provisor.provisioning.brake import brake_sql as sql
from provisor.provisioning.brake.emptied import FEW, GROUP_DELETED, Leaver, emptied_for, emptied_groups
from provisor.provisioning.brake.releases import Effect, Releases, marks
from provisor.provisioning.keys import Key, to_key, to_text
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase

ACCOUNTS_HELD = (
    "Held: {pending} accounts would lose access at once ({executed} already have in the last 24 hours), and the brake of "
    "this application allows {allowed}. Look at the list, then release or reject it."
)
MEMBERS_HELD = (
    "Held: {pending} memberships would be removed at once ({executed} already were in the last 24 hours), and the brake "
    "of this application allows {allowed}. Look at the list, then release or reject it."
)
LIVE = {"accounts": sql.LIVE_ACCOUNTS, "memberships": sql.LIVE_MEMBERS}
HELD = {"accounts": ACCOUNTS_HELD, "memberships": MEMBERS_HELD}


def hold_what_crosses(cursor: Any, context: Context, phase: Phase, now: int) -> int:
    """Hold the pending destructive batch of a phase as a whole where it would cross its budget; returns how many."""
    if phase is Phase.ACCOUNT_REMOVALS:
        return _hold_accounts(cursor, context, now)
    if phase is Phase.GROUP_DELETIONS:
        return _hold_group_deletions(cursor, context, now)
    if context.membership:
        return _hold_members(cursor, context, now)
    return 0


def _hold_accounts(cursor: Any, context: Context, now: int) -> int:
    pending = _pending_accounts(cursor, context)
    if not pending:
        return 0
    effects = {leaver.link: effect_of(context, leaver) for leaver in pending}
    releases = Releases(cursor, context.key, now)
    # released ones were decided by a person already
    pending = [leaver for leaver in pending if not releases.allows(effects[leaver.link])]
    executed = _executed(cursor, context, "accounts", now)
    reasons = emptied_for(cursor, context, pending, executed=executed, now=now) if pending else {}
    rest = [leaver for leaver in pending if leaver.link not in reasons]
    crossing = crossing_of(cursor, context, "accounts", pending=len(rest), now=now)
    reasons |= {leaver.link: crossing for leaver in rest if crossing}
    held = [
        (effects[leaver.link], reason)
        for leaver in pending
        if leaver.idle and (reason := releases.late(effects[leaver.link]) or reasons.get(leaver.link, ""))
    ]
    releases.close()
    return hold_links(cursor, context, held, now)


def effect_of(context: Context, leaver: Leaver) -> Effect:
    """What would become of a leaver's account."""
    return Effect(link=leaver.link, act=act_of(context, leaver.cause), cause=leaver.cause, entry=leaver.entry)


def hold_links(cursor: Any, context: Context, held: Sequence[tuple[Effect, str]], now: int) -> int:
    """Hold these links, each for its reason; returns how many."""
    cursor.executemany(sql.HOLD_LINK, [(reason, effect.link) for effect, reason in held])
    insert_holds(cursor, context, held, now)
    return len(held)


def insert_holds(cursor: Any, context: Context, held: Sequence[tuple[Effect, str]], now: int) -> None:
    """Write down what is held; one row for each link."""
    cursor.executemany(sql.FORGET_HOLD, [(now, effect.link) for effect, _ in held])
    cursor.executemany(sql.INSERT_HOLD, [_hold_row(context, effect, reason, now) for effect, reason in held])


def _pending_accounts(cursor: Any, context: Context) -> list[Leaver]:
    """Return the leavers of whom something will really be taken away."""
    decided = {cause: _decide(context, cause) for cause in DEFAULT_ACTIONS}
    taken = {cause: one for cause, one in decided.items() if one.sends in ("deactivate", "delete")}
    everybody = [cause.value for cause, one in taken.items() if not one.spares_inactive] or ["-"]
    live = [cause.value for cause, one in taken.items() if one.spares_inactive] or ["-"]
    statement = sql.PENDING_ACCOUNTS.format(all=marks(everybody), live=marks(live))
    cursor.execute(statement, [context.key, *everybody, *live])
    return [
        Leaver(link=link, cause=cause, idle=bool(idle), entry=entry)
        for link, cause, idle, entry, document, local_id in cursor.fetchall()
        if not _is_protected(context, document, local_id)
    ]


def _decide(context: Context, cause: str) -> Deprovision:
    return deprovision(Cause(cause), context.actions, context.switches["user"], context.dialect)


def act_of(context: Context, cause: str) -> str:
    """Say what becomes of the account: where inactive means deleted, a person decides about a deletion."""
    return "delete" if _decide(context, cause).deletes else "deactivate"


def _is_protected(context: Context, document: Any, local_id: Key) -> bool:
    if not context.protects or document is None:
        return False
    resource = orjson.loads(document) if isinstance(document, str) else document
    return context.excluded({**resource, "id": to_text(local_id)})


def _hold_members(cursor: Any, context: Context, now: int) -> int:
    cursor.execute(sql.PENDING_MEMBERS, [context.key])
    found: list[tuple[int, int, Key, bool, int | None]] = cursor.fetchall()
    if not found:
        return 0
    releases = Releases(cursor, context.key, now)
    effects = [
        (row, idle, Effect(link=link, user=user, act="remove_members", entry=entry))
        for row, link, user, idle, entry in found
    ]
    pending = [each for each in effects if not releases.allows(each[2])]
    emptied = emptied_groups(cursor, context, now)
    rest = sum(effect.link not in emptied for _, _, effect in pending)
    crossing = crossing_of(cursor, context, "memberships", pending=rest, now=now)
    waiting = [
        (row, effect, reason)
        for row, idle, effect in pending
        if idle and (reason := releases.late(effect) or emptied.get(effect.link, crossing))
    ]
    releases.close()
    cursor.executemany(sql.HOLD_MEMBER, [(row,) for row, _, _ in waiting])
    cursor.executemany(sql.FORGET_MEMBER_HOLD, [(now, effect.link, effect.user) for _, effect, _ in waiting])
    holds = [_hold_row(context, effect, reason, now) for _, effect, reason in waiting]
    cursor.executemany(sql.INSERT_HOLD, holds)
    return len(waiting)


def _hold_group_deletions(cursor: Any, context: Context, now: int) -> int:
    """A deleted group takes away as many memberships as it has members; more than a few are an emptied source."""
    if not (context.switches["group"].delete and context.dialect.delete_groups):
        return 0
    cursor.execute(sql.PENDING_GROUPS, [context.key])
    found: list[tuple[int, str, bool, int | None, int]] = cursor.fetchall()
    if not found:
        return 0
    releases = Releases(cursor, context.key, now)
    effects = [
        (Effect(link=link, act="delete", cause="deleted", entry=entry), name, idle, count)
        for link, name, idle, entry, count in found
    ]
    pending = [each for each in effects if not releases.allows(each[0])]
    emptied = {
        effect.link: GROUP_DELETED.format(name=name, count=count)
        for effect, name, _, count in pending
        if count > FEW
    }
    rest = sum(count for effect, _, _, count in pending if effect.link not in emptied)
    crossing = crossing_of(cursor, context, "memberships", pending=rest, now=now)
    held = [
        (effect, reason)
        for effect, _, idle, count in pending
        if idle and count and (reason := releases.late(effect) or emptied.get(effect.link, crossing))
    ]
    releases.close()
    return hold_links(cursor, context, held, now)


def _executed(cursor: Any, context: Context, budget: str, now: int) -> int:
    """Return how many went in the last 24 hours that nobody released. What is in doubt counts, too: it may have gone."""
    cursor.execute(sql.EXECUTED, [context.key, budget, now - WINDOW])
    executed = int(cursor.fetchone()[0])
    if budget == "accounts":
        cursor.execute(sql.HELD_IN_DOUBT, [context.key])
        executed += int(cursor.fetchone()[0])
    return executed


def crossing_of(cursor: Any, context: Context, budget: str, *, pending: int, now: int) -> str:
    """Return the sentence that says why the batch is held, or an empty one."""
    if not pending:
        return ""
    executed = _executed(cursor, context, budget, now)
    cursor.execute(LIVE[budget], [context.key])
    allowed = allowance(context.brake, int(cursor.fetchone()[0]))
    if not crosses(executed=executed, pending=pending, allowed=allowed):
        return ""
    return HELD[budget].format(pending=pending, executed=executed, allowed=allowed)


def _hold_row(context: Context, effect: Effect, reason: str, now: int) -> tuple[Any, ...]:
    return (
        to_key(uuid7()), context.key, effect.link, effect.user, effect.act, effect.cause, effect.digest, reason, now,
        effect.entry,
    )  # fmt: skip
