"""The brake: destructive operations beyond the allowance are held for a person (R10; engine.md, section 8)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from provisor.identifiers import uuid7
from provisor.planning.allowance import WINDOW, allowance, crosses
from provisor.provisioning.context import Context
from provisor.provisioning.keys import Key, to_key
from provisor.provisioning.phases import Phase

EXECUTED = "SELECT COALESCE(SUM(count), 0) FROM provisioning_departure WHERE application_id = %s AND budget = %s AND at > %s"

LIVE_ACCOUNTS = (
    "SELECT COUNT(*) FROM provisioning_access_interval WHERE application_id = %s AND to_at IS NULL"
)

#: Leavers whose account is taken away by the table of causes; released ones were decided by a person already.
PENDING_ACCOUNTS = """
SELECT l.id, l.cause FROM provisioning_link l
WHERE l.application_id = %s AND l.state = 'due' AND l.phase = 0 AND NOT l.in_scope AND l.remote_id IS NOT NULL
  AND l.origin IN ('created', 'adopted')
  AND (l.cause IN ({deletes}) OR (l.cause IN ({deactivates}) AND EXISTS (
        SELECT 1 FROM provisioning_access_interval i
        WHERE i.application_id = l.application_id AND i.user_id = l.local_id AND i.to_at IS NULL)))
  AND NOT EXISTS (SELECT 1 FROM provisioning_hold h
                  WHERE h.link_id = l.id AND h.user_id IS NULL AND h.state = 'released' AND h.cause = l.cause)
"""
HOLD_LINK = "UPDATE provisioning_link SET state = 'held', reason = %s WHERE id = %s"

LIVE_MEMBERS = """
SELECT COUNT(*) FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id
WHERE l.application_id = %s AND lm.remote_id IS NOT NULL
"""
PENDING_MEMBERS = """
SELECT lm.id, lm.link_id, lm.user_id FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id
WHERE l.application_id = %s AND l.in_scope AND lm.due AND NOT lm.wanted AND NOT lm.held AND lm.remote_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM provisioning_hold h
                  WHERE h.link_id = lm.link_id AND h.user_id = lm.user_id AND h.state = 'released')
"""
HOLD_MEMBER = "UPDATE provisioning_link_member SET held = TRUE WHERE id = %s"

INSERT_HOLD = """
INSERT INTO provisioning_hold (id, application_id, link_id, user_id, act, cause, effect, state, reason, held_at, decided_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'held', %s, %s, '')
"""

ACCOUNTS_HELD = (
    "Held: {pending} accounts would lose access at once ({executed} already have in the last 24 hours), and the brake of "
    "this application allows {allowed}. Look at the list, then release or reject it."
)
MEMBERS_HELD = (
    "Held: {pending} memberships would be removed at once ({executed} already were in the last 24 hours), and the brake "
    "of this application allows {allowed}. Look at the list, then release or reject it."
)
LIVE = {"accounts": LIVE_ACCOUNTS, "memberships": LIVE_MEMBERS}
HELD = {"accounts": ACCOUNTS_HELD, "memberships": MEMBERS_HELD}


def hold_what_crosses(cursor: Any, context: Context, phase: Phase, now: int) -> int:
    """Hold the pending destructive batch of a phase as a whole where it would cross its budget; returns how many."""
    if phase is Phase.ACCOUNT_REMOVALS:
        return _hold_accounts(cursor, context, now)
    if context.membership:
        return _hold_members(cursor, context, now)
    return 0


def _hold_accounts(cursor: Any, context: Context, now: int) -> int:
    deletes = [cause for cause, action in context.actions.items() if action == "delete"] or ["-"]
    deactivates = [cause for cause, action in context.actions.items() if action == "deactivate"] or ["-"]
    statement = PENDING_ACCOUNTS.format(deletes=_marks(deletes), deactivates=_marks(deactivates))
    cursor.execute(statement, [context.key, *deletes, *deactivates])
    pending: list[tuple[int, str]] = cursor.fetchall()
    reason = _crossing(cursor, context, "accounts", pending=len(pending), now=now)
    if not reason:
        return 0
    cursor.executemany(HOLD_LINK, [(reason, link) for link, _ in pending])
    holds = [
        _hold_row(context, Effect(link=link, act=context.actions[cause], cause=cause), reason, now)
        for link, cause in pending
    ]
    cursor.executemany(INSERT_HOLD, holds)
    return len(pending)


def _hold_members(cursor: Any, context: Context, now: int) -> int:
    cursor.execute(PENDING_MEMBERS, [context.key])
    pending: list[tuple[int, int, Key]] = cursor.fetchall()
    reason = _crossing(cursor, context, "memberships", pending=len(pending), now=now)
    if not reason:
        return 0
    cursor.executemany(HOLD_MEMBER, [(row,) for row, _, _ in pending])
    holds = [
        _hold_row(context, Effect(link=link, user=user, act="remove_members"), reason, now)
        for _, link, user in pending
    ]
    cursor.executemany(INSERT_HOLD, holds)
    return len(pending)


def _crossing(cursor: Any, context: Context, budget: str, *, pending: int, now: int) -> str:
    """Return the sentence that says why the batch is held, or an empty one."""
    if not pending:
        return ""
    cursor.execute(EXECUTED, [context.key, budget, now - WINDOW])
    executed = int(cursor.fetchone()[0])
    cursor.execute(LIVE[budget], [context.key])
    allowed = allowance(context.brake, int(cursor.fetchone()[0]))
    if not crosses(executed=executed, pending=pending, allowed=allowed):
        return ""
    return HELD[budget].format(pending=pending, executed=executed, allowed=allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a release would let happen: a release counts for exactly this."""

    link: int
    #: For a membership: who leaves the group.
    user: Key | None = None
    act: str
    cause: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.link}|{self.user or ''}|{self.act}|{self.cause}".encode()).hexdigest()


def _hold_row(context: Context, effect: Effect, reason: str, now: int) -> tuple[Any, ...]:
    return (
        to_key(uuid7()), context.key, effect.link, effect.user, effect.act, effect.cause, effect.digest, reason, now,
    )  # fmt: skip


def _marks(values: list[str]) -> str:
    return ", ".join(["%s"] * len(values))
