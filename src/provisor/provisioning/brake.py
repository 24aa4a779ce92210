"""The brake: destructive operations beyond the allowance are held for a person (R10; engine.md, section 8)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from provisor.identifiers import uuid7
from provisor.planning.allowance import WINDOW, allowance, crosses
from provisor.provisioning.context import Context
from provisor.provisioning.keys import Key, to_key, to_text
from provisor.provisioning.phases import Phase

EXECUTED = "SELECT COALESCE(SUM(count), 0) FROM provisioning_departure WHERE application_id = %s AND budget = %s AND at > %s"

LIVE_ACCOUNTS = (
    "SELECT COUNT(*) FROM provisioning_access_interval WHERE application_id = %s AND to_at IS NULL"
)

#: Leavers whose account is taken away by the table of causes; released ones were decided by a person already.
PENDING_ACCOUNTS = """
SELECT l.id, l.cause, l.intent IS NULL, u.resource, l.local_id FROM provisioning_link l
LEFT JOIN directory_user u ON u.id = l.local_id
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
SELECT lm.id, lm.link_id, lm.user_id, l.intent IS NULL
FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id
WHERE l.application_id = %s AND l.kind = 'group' AND l.in_scope AND lm.due AND NOT lm.wanted AND NOT lm.held AND lm.remote_id IS NOT NULL
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
    pending = _pending_accounts(cursor, context)
    reason = _crossing(cursor, context, "accounts", pending=len(pending), now=now)
    waiting = [(link, cause) for link, cause, idle in pending if idle] if reason else []
    cursor.executemany(HOLD_LINK, [(reason, link) for link, _ in waiting])
    holds = [
        _hold_row(context, Effect(link=link, act=context.actions[cause], cause=cause), reason, now)
        for link, cause in waiting
    ]
    cursor.executemany(INSERT_HOLD, holds)
    return len(waiting)


def _pending_accounts(cursor: Any, context: Context) -> list[tuple[int, str, bool]]:
    """Return the leavers of whom something will really be taken away, and whether nothing is under way for them."""
    acts = {cause: action for cause, action in context.actions.items() if _is_sent(context, cause)}
    deletes = [cause for cause, action in acts.items() if action == "delete"] or ["-"]
    deactivates = [cause for cause, action in acts.items() if action == "deactivate"] or ["-"]
    statement = PENDING_ACCOUNTS.format(deletes=_marks(deletes), deactivates=_marks(deactivates))
    cursor.execute(statement, [context.key, *deletes, *deactivates])
    return [
        (link, cause, bool(idle))
        for link, cause, idle, document, local_id in cursor.fetchall()
        if not _is_protected(context, document, local_id)
    ]


def _is_sent(context: Context, cause: str) -> bool:
    """With the switch “delete users” off nothing is sent for who is disabled or deleted."""
    return cause == "unassigned" or context.switches["user"].delete


def _is_protected(context: Context, document: Any, local_id: Key) -> bool:
    if not context.protects or document is None:
        return False
    resource = orjson.loads(document) if isinstance(document, str) else document
    return context.excluded({**resource, "id": to_text(local_id)})


def _hold_members(cursor: Any, context: Context, now: int) -> int:
    cursor.execute(PENDING_MEMBERS, [context.key])
    pending: list[tuple[int, int, Key, bool]] = cursor.fetchall()
    reason = _crossing(cursor, context, "memberships", pending=len(pending), now=now)
    waiting = [(row, link, user) for row, link, user, idle in pending if idle] if reason else []
    cursor.executemany(HOLD_MEMBER, [(row,) for row, _, _ in waiting])
    holds = [
        _hold_row(context, Effect(link=link, user=user, act="remove_members"), reason, now)
        for _, link, user in waiting
    ]
    cursor.executemany(INSERT_HOLD, holds)
    return len(waiting)


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
