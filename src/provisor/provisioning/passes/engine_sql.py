"""The named SQL of the engine's hot loop: claim, intent, outcome. The same text on SQLite and on PostgreSQL."""

from provisor.provisioning.passes.phases import Phase

#: A link with everything it is rendered from, in one snapshot; `take.read_link` reads a row of it.
LINKS = """
SELECT l.id, l.kind, l.local_id, l.remote_id, l.origin, l.in_scope, l.cause, l.generation, l.phase, l.sent, l.doubt,
       l.verified, l.etag, l.attempts, l.entry_id,
       u.user_name, u.active, u.resource, u.manager_id, m.remote_id,
       g.display_name, g.external_id, g.resource,
       l.observed, l.unshown, l.baseline, l.seen_at IS NULL OR l.changed_at > l.seen_at
FROM provisioning_link l
LEFT JOIN directory_user u ON l.kind = 'user' AND u.id = l.local_id
LEFT JOIN provisioning_link m ON m.application_id = l.application_id AND m.kind = 'user' AND m.local_id = u.manager_id
LEFT JOIN directory_group g ON l.kind = 'group' AND g.id = l.local_id
"""
#: The due links of one phase.
CLAIM = f"""{LINKS}
WHERE l.application_id = %s AND l.state = 'due' AND l.phase = %s AND l.not_before <= %s AND l.intent IS NULL
ORDER BY l.not_before LIMIT %s
"""

_CLAIMABLE = """
EXISTS (SELECT 1 FROM provisioning_link l WHERE l.application_id = %s AND l.state = 'due' AND l.phase = %s
        AND l.not_before <= %s AND l.intent IS NULL)"""
#: Whether anything may be claimed, for each phase.
DUE_PHASES = f"SELECT {', '.join([_CLAIMABLE] * len(Phase))}"

#: New groups that any of these users is to be a member of. What has failed before, or is in doubt, goes as ever.
NEW_GROUPS_OF = f"""{LINKS}
WHERE l.application_id = %s AND l.kind = 'group' AND l.state = 'due' AND l.phase = %s AND l.not_before <= %s
  AND l.intent IS NULL AND l.in_scope AND l.remote_id IS NULL AND l.doubt IS NULL AND l.attempts = 0
  AND EXISTS (SELECT 1 FROM provisioning_link_member lm
              WHERE lm.link_id = l.id AND lm.due AND lm.wanted AND lm.user_id IN ({{users}}))
ORDER BY l.id LIMIT %s
"""  # noqa: S608 - constants of this file
#: The members of such a group among these users, of whom nothing was ever sent.
NEWCOMERS = """
SELECT lm.id, lm.user_id, u.user_name FROM provisioning_link_member lm JOIN directory_user u ON u.id = lm.user_id
WHERE lm.link_id = %s AND lm.due AND lm.wanted AND NOT lm.doubt AND lm.remote_id IS NULL AND lm.user_id IN ({users})
ORDER BY lm.id
"""

#: Everybody in scope for whom anything is due, in batches.
DUE_USERS = f"""{LINKS}
WHERE l.application_id = %s AND l.kind = 'user' AND l.in_scope AND l.state = 'due' AND l.id > %s ORDER BY l.id LIMIT %s
"""

RECORD_INTENT_TYPES = ("text", "bigint")
RECORD_INTENT = """
WITH v (intent, id) AS ({values})
UPDATE provisioning_link SET intent = CAST(v.intent AS {json}) FROM v WHERE provisioning_link.id = v.id
"""

#: Nothing had to be sent: the link rests. In the claim's own transaction, so its generation is the one read.
REST = """
UPDATE provisioning_link SET state = %s, reason = %s, done_generation = generation, attempts = 0,
    changed_at = %s
WHERE id = %s
"""
NEXT_PHASE = "UPDATE provisioning_link SET phase = %s WHERE id = %s"
#: What is gone there is forgotten, unless somebody has come back meanwhile (R1): that link is not out of scope any more.
DELETE_LINK = "DELETE FROM provisioning_link WHERE id = %s AND NOT in_scope"
DELETE_LINK_MEMBERS = """
DELETE FROM provisioning_link_member WHERE link_id IN (
    SELECT l.id FROM provisioning_link l WHERE l.id = %s AND NOT l.in_scope)
"""
#: What a scan found of it is over; before the link goes, which knows the id there.
CLOSE_FINDINGS = """
UPDATE provisioning_finding SET state = 'gone', decided_at = %s, decided_by = ''
WHERE state IN ('open', 'ignored', 'corrected') AND (application_id, kind, remote_id) IN (
    SELECT l.application_id, l.kind, l.remote_id FROM provisioning_link l WHERE l.id = %s AND NOT l.in_scope)
"""
#: Who has come back while the account was taken away begins anew.
RENEW_MEMBERS_OF_GONE = """
UPDATE provisioning_link_member SET remote_id = NULL, doubt = FALSE, due = wanted WHERE link_id IN (
    SELECT l.id FROM provisioning_link l WHERE l.id = %s AND l.in_scope)
"""
RENEW_GONE = """
UPDATE provisioning_link SET remote_id = NULL, sent = NULL, observed = NULL, unshown = NULL, baseline = NULL,
    origin = '', etag = '', intent = NULL, doubt = NULL, attempts = 0, not_before = 0, state = 'due',
    phase = CASE WHEN kind = 'user' THEN 2 ELSE 3 END
WHERE id = %s AND in_scope
"""

#: What the application confirmed is kept whatever the generation is by now; the generation guards state and progress.
CONFIRM_TYPES = (
    "bigint", "text", "text", "text", "text", "text", "text", "bigint", "bigint", "text", "smallint", "text", "text",
    "bigint",
)  # fmt: skip
CONFIRM = """
WITH v (id, remote_id, origin, sent, observed, unshown, etag, changed_at, generation, state, phase, reason, doubt,
        not_before)
AS ({values})
UPDATE provisioning_link SET remote_id = v.remote_id, origin = v.origin, sent = CAST(v.sent AS {json}),
    observed = CAST(v.observed AS {json}), unshown = CAST(v.unshown AS {json}), etag = v.etag, intent = NULL,
    doubt = CAST(v.doubt AS {json}), verified = TRUE, attempts = 0, not_before = v.not_before, changed_at = v.changed_at, done_generation = v.generation,
    state = CASE WHEN provisioning_link.generation = v.generation THEN v.state ELSE 'due' END,
    phase = CASE WHEN provisioning_link.generation = v.generation THEN v.phase ELSE provisioning_link.phase END,
    reason = CASE WHEN provisioning_link.generation = v.generation THEN v.reason ELSE provisioning_link.reason END
FROM v WHERE provisioning_link.id = v.id
"""

CONFLICT = "UPDATE provisioning_link SET intent = NULL, state = 'conflict', reason = %s WHERE id = %s"

#: The write was refused, or has no outcome: nothing is acknowledged; the doubt, if any, is kept.
FAIL = """
UPDATE provisioning_link SET intent = NULL, doubt = %s, attempts = %s, changed_at = %s,
    not_before = CASE WHEN generation = %s THEN %s ELSE 0 END,
    state = CASE WHEN generation = %s THEN %s ELSE 'due' END,
    reason = CASE WHEN generation = %s THEN %s ELSE reason END
WHERE id = %s
"""

INSERT_ATTEMPT_TYPES = (
    "uuid", "bigint", "uuid", "uuid", "bigint", "bigint", "text", "text", "text", "integer", "double precision", "text",
    "text", "text",
)  # fmt: skip
INSERT_ATTEMPT = """
INSERT INTO provisioning_attempt (application_id, link_id, run_id, local_id, entry_id, at, act, method, path, status,
    milliseconds, request, response, reason)
{values}
"""

#: `Retry-After` outlives the process that was told it.
ASKED_UNTIL = """
UPDATE provisioning_health SET asked_until = %s, asked_at = %s WHERE application_id = %s
"""

#: Counts of a run that is under way.
COUNT_RUN = "UPDATE provisioning_run SET totals = %s WHERE id = %s"

#: What a person has released does not count again (engine.md, section 8).
INSERT_DEPARTURE = """
INSERT INTO provisioning_departure (application_id, budget, count, at)
SELECT %s, 'accounts', 1, %s WHERE NOT EXISTS (
    SELECT 1 FROM provisioning_hold h
    WHERE h.link_id = %s AND h.user_id IS NULL AND h.state = 'released' AND h.cause = %s)
"""
INSERT_MEMBER_DEPARTURES = """
INSERT INTO provisioning_departure (application_id, budget, count, at, link_id)
SELECT %s, 'memberships', COUNT(*), %s, lm.link_id FROM provisioning_link_member lm
WHERE lm.id IN ({rows}) AND lm.remote_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM provisioning_hold h
    WHERE h.link_id = lm.link_id AND h.user_id = lm.user_id AND h.state = 'released')
GROUP BY lm.link_id
"""
#: A group that is deleted takes its members' memberships along.
INSERT_GROUP_DEPARTURE = """
INSERT INTO provisioning_departure (application_id, budget, count, at, link_id)
SELECT l.application_id, 'memberships', COUNT(*), %s, l.id
FROM provisioning_link_member lm JOIN provisioning_link l ON l.id = lm.link_id AND l.kind = 'group'
WHERE lm.link_id = %s AND lm.remote_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM provisioning_hold h WHERE h.link_id = l.id AND h.user_id IS NULL AND h.state = 'released')
GROUP BY l.application_id, l.id
"""

OPEN_INTERVAL_TYPES = ("uuid", "uuid", "text", "bigint", "text")
OPEN_INTERVAL = """
INSERT INTO provisioning_access_interval (application_id, user_id, remote_id, from_at, from_cause, to_at, to_cause)
SELECT v.application_id, v.user_id, v.remote_id, v.from_at, v.from_cause, NULL, ''
FROM (WITH w (application_id, user_id, remote_id, from_at, from_cause) AS ({values}) SELECT * FROM w) v
WHERE NOT EXISTS (
    SELECT 1 FROM provisioning_access_interval i
    WHERE i.application_id = v.application_id AND i.user_id = v.user_id AND i.to_at IS NULL)
"""
CLOSE_INTERVAL = """
UPDATE provisioning_access_interval SET to_at = %s, to_cause = %s
WHERE application_id = %s AND user_id = %s AND to_at IS NULL
"""

#: What was released and is carried out now.
RELEASE_DONE = """
UPDATE provisioning_hold SET state = 'done' WHERE link_id = %s AND user_id IS NULL AND state = 'released'
"""
MEMBER_RELEASES_DONE = """
UPDATE provisioning_hold SET state = 'done'
WHERE state = 'released' AND link_id IN (SELECT lm.link_id FROM provisioning_link_member lm WHERE lm.id IN ({rows}))
  AND (link_id, user_id) IN (SELECT lm.link_id, lm.user_id FROM provisioning_link_member lm WHERE lm.id IN ({rows}))
"""

#: An account exists now: groups that waited for it are due, and so are the people whose manager it is. SQLite reads what is
#: joined by CROSS JOIN in this order: from the few users on, never all links of the application.
WAKE_WAITING_GROUPS = """
UPDATE provisioning_link SET state = 'due', phase = 4, not_before = 0
WHERE application_id = %s AND state IN ('waiting', 'in_sync', 'failed') AND kind = 'group' AND id IN (
    SELECT lm.link_id FROM provisioning_link_member lm WHERE lm.due AND lm.user_id IN ({users}))
"""
WAKE_WAITING_REPORTS = """
UPDATE provisioning_link SET state = 'due', phase = 5, not_before = 0
WHERE state IN ('waiting', 'in_sync') AND id IN (
    SELECT l.id FROM directory_user u CROSS JOIN provisioning_link l
    WHERE u.manager_id IN ({users}) AND l.application_id = %s AND l.kind = 'user' AND l.local_id = u.id)
"""
#: The account was made anew under another id: its memberships were the old one's.
MEMBERS_OF_NEW_ACCOUNTS = """
UPDATE provisioning_link_member SET due = TRUE, doubt = TRUE
WHERE wanted AND remote_id IS NOT NULL AND id IN (
    SELECT lm.id FROM provisioning_link_member lm CROSS JOIN provisioning_link g CROSS JOIN provisioning_link ul
    WHERE lm.user_id IN ({users}) AND g.id = lm.link_id AND g.application_id = %s AND g.kind = 'group'
      AND ul.application_id = %s AND ul.kind = 'user' AND ul.local_id = lm.user_id AND lm.remote_id <> ul.remote_id)
"""
#: An account that is gone took its memberships with it: another one may get the same id.
DOUBT_MEMBERSHIPS_OF_GONE = """
UPDATE provisioning_link_member SET doubt = TRUE, due = TRUE
WHERE remote_id IS NOT NULL
  AND user_id = (SELECT local_id FROM provisioning_link WHERE id = %s AND kind = 'user')
  AND link_id IN (SELECT g.id FROM provisioning_link g
                  JOIN provisioning_link l ON l.application_id = g.application_id
                  WHERE l.id = %s AND g.kind = 'group')
"""
#: An account is gone: whoever refers to it is due, and groups that waited for it wait no more.
WAKE_REPORTS_OF_GONE = """
UPDATE provisioning_link SET state = 'due', phase = 2, not_before = 0
WHERE application_id = %s AND kind = 'user' AND in_scope AND state IN ('in_sync', 'waiting') AND local_id IN (
    SELECT id FROM directory_user WHERE manager_id IN ({users}))
"""
WAKE_GROUPS_OF_GONE = """
UPDATE provisioning_link SET state = 'due', phase = 4, not_before = 0
WHERE application_id = %s AND kind = 'group' AND in_scope AND state = 'waiting' AND id IN (
    SELECT lm.link_id FROM provisioning_link_member lm WHERE lm.user_id IN ({users}))
"""
WAKE_GROUPS_OF_NEW_ACCOUNTS = """
UPDATE provisioning_link SET state = 'due', phase = CASE WHEN state = 'due' AND phase < 4 THEN phase ELSE 4 END,
    not_before = 0
WHERE application_id = %s AND kind = 'group' AND state IN ('in_sync', 'waiting', 'due') AND id IN (
    SELECT lm.link_id FROM provisioning_link_member lm WHERE lm.due AND lm.user_id IN ({users}))
"""

# --- members of one group -------------------------------------------------------------------------------------------

#: How many there are of each, however many are taken up at once.
COUNT_TO_REMOVE = """
SELECT COUNT(*) FROM provisioning_link_member lm WHERE lm.link_id = %s AND lm.due AND NOT lm.wanted AND NOT lm.held
"""
COUNT_TO_ADD = """
SELECT COUNT(*)
FROM provisioning_link_member lm
JOIN provisioning_link l ON l.id = lm.link_id
JOIN directory_user u ON u.id = lm.user_id
JOIN provisioning_link ul ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE lm.link_id = %s AND lm.due AND lm.wanted AND ul.remote_id IS NOT NULL AND ul.state <> 'missing'
"""
MEMBERS_TO_REMOVE = """
SELECT lm.id, '', lm.remote_id, COALESCE(lm.remote_id, ul.remote_id), lm.doubt
FROM provisioning_link_member lm
JOIN provisioning_link l ON l.id = lm.link_id
LEFT JOIN provisioning_link ul
    ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE lm.link_id = %s AND lm.due AND NOT lm.wanted AND NOT lm.held
ORDER BY lm.id LIMIT %s
"""
MEMBERS_TO_ADD = """
SELECT lm.id, u.user_name, lm.remote_id, ul.remote_id, lm.doubt
FROM provisioning_link_member lm
JOIN provisioning_link l ON l.id = lm.link_id
JOIN directory_user u ON u.id = lm.user_id
JOIN provisioning_link ul ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE lm.link_id = %s AND lm.due AND lm.wanted AND ul.remote_id IS NOT NULL AND ul.state <> 'missing'
ORDER BY lm.id LIMIT %s
"""
#: Members who are to get an account and have none yet.
MEMBERS_WAITING = """
SELECT COUNT(*)
FROM provisioning_link_member lm
JOIN provisioning_link l ON l.id = lm.link_id
JOIN provisioning_link ul ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE lm.link_id = %s AND lm.due AND lm.wanted AND ul.in_scope AND (ul.remote_id IS NULL OR ul.state = 'missing')
"""
CONFIRMED_MEMBERS = (
    "SELECT remote_id FROM provisioning_link_member WHERE link_id = %s AND remote_id IS NOT NULL"
)

CONFIRM_MEMBER_TYPES = ("text", "bigint")
CONFIRM_MEMBER = """
WITH v (remote_id, id) AS ({values})
UPDATE provisioning_link_member SET remote_id = v.remote_id, doubt = FALSE, due = NOT wanted
FROM v WHERE provisioning_link_member.id = v.id
"""
#: Its removal is confirmed; if the directory wants the member again meanwhile, it is due again.
CONFIRM_REMOVAL = (
    "DELETE FROM provisioning_link_member WHERE id = %s AND NOT wanted",
    "UPDATE provisioning_link_member SET remote_id = NULL, doubt = FALSE, held = FALSE, due = TRUE WHERE id = %s",
)
DOUBT_MEMBER = "UPDATE provisioning_link_member SET doubt = TRUE, due = TRUE WHERE id = %s"

# --- recovery -------------------------------------------------------------------------------------------------------

OPEN_INTENTS = """
SELECT id, intent, doubt, reason FROM provisioning_link WHERE application_id = %s AND intent IS NOT NULL
"""
#: A pass that ended before it decided on what had vanished (404): it is asked again.
UNDECIDED = """
UPDATE provisioning_link SET state = 'due', not_before = %s
WHERE application_id = %s AND state = 'missing' AND remote_id IS NOT NULL
"""
#: Whether a pass ended uncleanly: something is neither due nor settled.
LEFT_OPEN = """
SELECT 1 FROM provisioning_link
WHERE application_id = %s AND (intent IS NOT NULL OR (state = 'missing' AND remote_id IS NOT NULL)) LIMIT 1
"""
INTENT_TO_DOUBT = """
UPDATE provisioning_link SET intent = NULL, doubt = %s, state = 'due', not_before = %s, reason = %s WHERE id = %s
"""

# --- what is due ----------------------------------------------------------------------------------------------------

NEXT_DUE = "SELECT MIN(not_before) FROM provisioning_link WHERE application_id = %s AND state = 'due' AND intent IS NULL"

COUNT_NEW = """
SELECT COUNT(*) FROM provisioning_link
WHERE application_id = %s AND kind = %s AND state = 'due' AND in_scope AND remote_id IS NULL
"""
#: Nothing of these works was sent: they are simply due.
RELEASE_INTENT = "UPDATE provisioning_link SET intent = NULL WHERE id = %s"

HOLDER_OF_REMOTE = """
SELECT l.state, COALESCE(u.user_name, g.display_name) FROM provisioning_link l
LEFT JOIN directory_user u ON l.kind = 'user' AND u.id = l.local_id
LEFT JOIN directory_group g ON l.kind = 'group' AND g.id = l.local_id
WHERE l.application_id = %s AND l.kind = %s AND l.remote_id = %s
"""

#: After the end of a pass: few that vanished are made anew, or were leavers and are gone.
REMAKE_VANISHED = """
UPDATE provisioning_link SET remote_id = NULL, sent = NULL, observed = NULL, unshown = NULL, baseline = NULL,
    origin = '', etag = '', doubt = NULL, state = 'due', phase = CASE WHEN kind = 'user' THEN 2 ELSE 3 END,
    not_before = 0
WHERE id = %s AND in_scope
"""
RESET_MEMBERS_OF_VANISHED = """
UPDATE provisioning_link_member SET remote_id = NULL, doubt = FALSE, due = wanted WHERE link_id = %s
"""
DROP_VANISHED = "DELETE FROM provisioning_link WHERE id = %s AND NOT in_scope"
PUT_BACK_VANISHED = "UPDATE provisioning_link SET state = 'due', reason = %s WHERE id = %s"

GRANTS = """
SELECT m.user_id, po.roles, po.entitlements, po.scope, po.name
FROM applications_policy po
JOIN directory_closure c ON c.ancestor_id = po.group_id
JOIN directory_membership m ON m.group_id = c.descendant_id
WHERE po.application_id = %s AND m.user_id IN ({users})
"""
