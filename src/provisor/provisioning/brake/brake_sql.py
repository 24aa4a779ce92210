"""The named SQL of the brake: what is pending, what was executed, what a person has released (R10)."""

EXECUTED = "SELECT COALESCE(SUM(count), 0) FROM provisioning_departure WHERE application_id = %s AND budget = %s AND at > %s"
#: Leavers who are held, and of whom a write that nobody answered may have taken the account away already.
HELD_IN_DOUBT = """
SELECT COUNT(*) FROM provisioning_link
WHERE application_id = %s AND kind = 'user' AND state = 'held' AND NOT in_scope AND doubt IS NOT NULL
"""

LIVE_ACCOUNTS = (
    "SELECT COUNT(*) FROM provisioning_access_interval WHERE application_id = %s AND to_at IS NULL"
)
LIVE_MEMBERS = """
SELECT COUNT(*) FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id
WHERE l.application_id = %s AND lm.remote_id IS NOT NULL
"""

#: Leavers whose account is taken away by the table of causes.
PENDING_ACCOUNTS = """
SELECT l.id, l.cause, l.intent IS NULL, l.entry_id, u.resource, l.local_id FROM provisioning_link l
LEFT JOIN directory_user u ON u.id = l.local_id
WHERE l.application_id = %s AND l.state = 'due' AND l.phase = 0 AND NOT l.in_scope AND l.remote_id IS NOT NULL
  AND l.origin IN ('created', 'adopted')
  AND (l.cause IN ({all}) OR (l.cause IN ({live}) AND EXISTS (
        SELECT 1 FROM provisioning_access_interval i
        WHERE i.application_id = l.application_id AND i.user_id = l.local_id AND i.to_at IS NULL)))
"""
PENDING_MEMBERS = """
SELECT lm.id, lm.link_id, lm.user_id, l.intent IS NULL, lm.entry_id
FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id
WHERE l.application_id = %s AND l.kind = 'group' AND l.in_scope AND lm.due AND NOT lm.wanted AND NOT lm.held AND lm.remote_id IS NOT NULL
"""
#: Groups that were deleted here, with how many members they have there.
PENDING_GROUPS = """
SELECT l.id, COALESCE(g.display_name, ''), l.intent IS NULL, l.entry_id,
    (SELECT COUNT(*) FROM provisioning_link_member lm WHERE lm.link_id = l.id AND lm.remote_id IS NOT NULL)
FROM provisioning_link l LEFT JOIN directory_group g ON g.id = l.local_id
WHERE l.application_id = %s AND l.kind = 'group' AND l.state = 'due' AND l.phase = 6 AND NOT l.in_scope
  AND l.cause = 'deleted' AND l.remote_id IS NOT NULL AND l.origin IN ('created', 'adopted')
"""

#: What a person has released and is not carried out yet.
RELEASES = """
SELECT id, link_id, user_id, act, cause, decided_at, decided_by FROM provisioning_hold
WHERE application_id = %s AND state = 'released'
"""
END_RELEASE = "UPDATE provisioning_hold SET state = %s WHERE id = %s"

HOLD_LINK = "UPDATE provisioning_link SET state = 'held', reason = %s WHERE id = %s"
HOLD_MEMBER = "UPDATE provisioning_link_member SET held = TRUE WHERE id = %s"
#: A link that another act took out of its hold is held by one row all the same.
FORGET_HOLD = """
UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s
WHERE link_id = %s AND user_id IS NULL AND state = 'held'
"""
FORGET_MEMBER_HOLD = """
UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s
WHERE link_id = %s AND user_id = %s AND state = 'held'
"""
INSERT_HOLD = """
INSERT INTO provisioning_hold (id, application_id, link_id, user_id, act, cause, effect, state, reason, held_at,
    entry_id, decided_by, note)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'held', %s, %s, %s, '', '')
"""

#: Decisions about updates that deactivate (`brake_mapped`).
MAPPED = """
SELECT id, link_id, state, reason, COALESCE(decided_at, 0), decided_by FROM provisioning_hold
WHERE application_id = %s AND cause = 'mapped' AND state IN ('held', 'released', 'rejected')
"""
CANCEL_HOLD = "UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s WHERE id = %s"
