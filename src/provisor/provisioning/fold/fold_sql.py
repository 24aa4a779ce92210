"""The named SQL of the fold. Set-based: the number of statements does not grow with the number of users.

Every statement recomputes from the current tables; a pending row only says where to look. The same text runs on
SQLite and on PostgreSQL; `{uuid}` is the type of an identifier.
"""

SCRATCH_TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS fold_pending (id bigint, kind text, subject_id {uuid}, other_id {uuid}, entry_id bigint)",
    "CREATE TEMP TABLE IF NOT EXISTS fold_user (application_id {uuid}, local_id {uuid}, entry_id bigint, kind text)",
    "CREATE TEMP TABLE IF NOT EXISTS fold_scope (application_id {uuid}, local_id {uuid}, entry_id bigint, PRIMARY KEY (local_id, application_id))",
    "CREATE TEMP TABLE IF NOT EXISTS fold_leaving (link_id bigint, cause text, entry_id bigint)",
    "CREATE TEMP TABLE IF NOT EXISTS fold_group (application_id {uuid}, local_id {uuid}, entry_id bigint, members boolean)",
    "CREATE TEMP TABLE IF NOT EXISTS fold_member (link_id bigint, user_id {uuid}, entry_id bigint)",
    "CREATE TEMP TABLE IF NOT EXISTS fold_out (policy_id {uuid}, local_id {uuid}, PRIMARY KEY (local_id, policy_id))",
    "CREATE TEMP TABLE IF NOT EXISTS fold_frozen (application_id {uuid})",
)
SCRATCH_NAMES = (
    "fold_pending",
    "fold_user",
    "fold_scope",
    "fold_leaving",
    "fold_group",
    "fold_member",
    "fold_out",
    "fold_frozen",
)

READ_PENDING = """
INSERT INTO fold_pending (id, kind, subject_id, other_id, entry_id)
SELECT id, kind, subject_id, other_id, entry_id FROM directory_pending
"""

#: Whatever the fold changes links of, in one order: passes and acts of people on these applications wait.
LOCK_APPLICATIONS = """
SELECT id FROM applications_application
WHERE unverified OR id IN (
    SELECT application_id FROM fold_user UNION SELECT application_id FROM fold_group
    UNION SELECT l.application_id FROM fold_pending p
          JOIN provisioning_link l ON l.local_id = p.subject_id AND l.kind = 'group' WHERE p.kind = 'member')
ORDER BY id FOR NO KEY UPDATE
"""

DELETE_PENDING = "DELETE FROM directory_pending WHERE id IN (SELECT id FROM fold_pending)"

#: Users whose links are looked at, per application.
TOUCH_USERS = (
    # a user changed: the links there are
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT l.application_id, l.local_id, p.entry_id, p.kind
    FROM fold_pending p JOIN provisioning_link l ON l.local_id = p.subject_id AND l.kind = 'user'
    WHERE p.kind = 'user'
    """,
    # a user changed: the applications that policies bring
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT po.application_id, m.user_id, p.entry_id, p.kind
    FROM fold_pending p
    JOIN directory_membership m ON m.user_id = p.subject_id
    JOIN directory_closure c ON c.descendant_id = m.group_id
    JOIN applications_policy po ON po.group_id = c.ancestor_id
    WHERE p.kind = 'user'
    """,
    # somebody joined or left a group that a policy names
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT po.application_id, p.other_id, p.entry_id, p.kind
    FROM fold_pending p JOIN applications_policy po ON po.group_id = p.subject_id
    WHERE p.kind = 'member'
    """,
    # a policy came, went or changed: everybody in its group
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT p.subject_id, m.user_id, p.entry_id, p.kind
    FROM fold_pending p
    JOIN directory_closure c ON c.ancestor_id = p.other_id
    JOIN directory_membership m ON m.group_id = c.descendant_id
    WHERE p.kind = 'policy'
    """,
    # a policy went, or a switch changed: whoever is in scope and no policy brings any more. CROSS JOIN keeps SQLite to
    # this order: it would go through every policy of the application for each account.
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT l.application_id, l.local_id, a.entry_id, a.kind
    FROM (SELECT subject_id, MAX(entry_id) AS entry_id, MAX(kind) AS kind FROM fold_pending
          WHERE kind IN ('policy', 'application') GROUP BY subject_id) a
    JOIN provisioning_link l ON l.application_id = a.subject_id AND l.kind = 'user' AND l.in_scope
    WHERE NOT EXISTS (
        SELECT 1 FROM directory_membership m
        CROSS JOIN directory_closure c
        CROSS JOIN applications_policy po
        WHERE m.user_id = l.local_id AND c.descendant_id = m.group_id AND po.group_id = c.ancestor_id
          AND po.application_id = l.application_id)
    """,
    # switches or mapping changed: every link of the application
    """
    INSERT INTO fold_user (application_id, local_id, entry_id, kind)
    SELECT l.application_id, l.local_id, p.entry_id, p.kind
    FROM fold_pending p JOIN provisioning_link l ON l.application_id = p.subject_id AND l.kind = 'user'
    WHERE p.kind = 'application'
    """,
)

COMPUTE_SCOPE = """
INSERT INTO fold_scope (application_id, local_id, entry_id)
SELECT t.application_id, t.local_id, MAX(t.entry_id)
FROM (SELECT application_id, local_id, MAX(entry_id) AS entry_id FROM fold_user GROUP BY application_id, local_id) t
JOIN applications_application a ON a.id = t.application_id AND a.deleted_at IS NULL
JOIN directory_user u ON u.id = t.local_id AND u.active AND u.deleted_at IS NULL
JOIN directory_membership m ON m.user_id = u.id
JOIN directory_closure c ON c.descendant_id = m.group_id
JOIN applications_policy po ON po.group_id = c.ancestor_id AND po.application_id = t.application_id
WHERE NOT EXISTS (SELECT 1 FROM fold_out o WHERE o.local_id = t.local_id AND o.policy_id = po.id)
GROUP BY t.application_id, t.local_id
"""

ENTER_USERS = """
INSERT INTO provisioning_link (application_id, kind, local_id, origin, in_scope, cause, generation, done_generation,
    state, phase, verified, etag, attempts, not_before, reason, entry_id, changed_at)
SELECT application_id, 'user', local_id, '', TRUE, '', 1, 0, 'due', 2, TRUE, '', 0, 0, '', entry_id, %s
FROM fold_scope WHERE TRUE
ON CONFLICT (application_id, kind, local_id) DO UPDATE SET
    in_scope = TRUE, cause = '', generation = provisioning_link.generation + 1, state = 'due', phase = 2,
    attempts = 0, not_before = 0, entry_id = excluded.entry_id, changed_at = excluded.changed_at
"""

#: Whoever was touched and is not in scope, with the change behind it: where several meet, the one that fits the cause.
#: Who made that change does not release alone what the brake holds because of it. An application without the membership switch lets nobody go by unassignment.
COMPUTE_LEAVING = """
INSERT INTO fold_leaving (link_id, cause, entry_id)
SELECT l.id, CASE WHEN u.id IS NULL OR u.deleted_at IS NOT NULL THEN 'deleted'
                  WHEN NOT u.active THEN 'disabled' ELSE 'unassigned' END,
       CASE WHEN u.id IS NULL OR u.deleted_at IS NOT NULL OR NOT u.active THEN COALESCE(t.own, t.entry_id)
            ELSE COALESCE(t.granted, t.entry_id) END
FROM (SELECT application_id, local_id, MAX(entry_id) AS entry_id, MAX(CASE WHEN kind = 'user' THEN entry_id END) AS own,
             MAX(CASE WHEN kind IN ('member', 'policy') THEN entry_id END) AS granted
      FROM fold_user GROUP BY application_id, local_id) t
JOIN applications_application a ON a.id = t.application_id AND a.deleted_at IS NULL
JOIN provisioning_link l ON l.application_id = t.application_id AND l.local_id = t.local_id AND l.kind = 'user'
LEFT JOIN directory_user u ON u.id = l.local_id
LEFT JOIN fold_scope s ON s.application_id = t.application_id AND s.local_id = t.local_id
WHERE s.local_id IS NULL
"""

#: Frozen in scope: still somebody's account, so attributes go on being sent.
STAY_FROZEN = """
UPDATE provisioning_link SET generation = provisioning_link.generation + 1, state = 'due', phase = 2, attempts = 0,
    not_before = 0, entry_id = v.entry_id, changed_at = %s
FROM fold_leaving v
WHERE provisioning_link.id = v.link_id AND v.cause = 'unassigned' AND provisioning_link.in_scope
  AND provisioning_link.application_id IN (SELECT application_id FROM fold_frozen)
  AND (provisioning_link.remote_id IS NOT NULL OR provisioning_link.intent IS NOT NULL
       OR provisioning_link.doubt IS NOT NULL)
"""

#: A cause ranks deleted > disabled > unassigned; a link that has left already is due again only for another cause,
#: or because the table of causes and the switches themselves changed. What has expired gets its own cause back, and
#: expires again if it still does; while the brake holds it, only a deletion or the configuration lets go of it.
LEAVE_USERS = """
UPDATE provisioning_link SET in_scope = FALSE, cause = v.cause, generation = provisioning_link.generation + 1,
    state = 'due', phase = 0, attempts = 0, not_before = 0, entry_id = v.entry_id, changed_at = %s
FROM fold_leaving v
WHERE provisioning_link.id = v.link_id
  AND NOT (v.cause = 'unassigned' AND provisioning_link.in_scope
           AND provisioning_link.application_id IN (SELECT application_id FROM fold_frozen)
           AND (provisioning_link.remote_id IS NOT NULL OR provisioning_link.intent IS NOT NULL
                OR provisioning_link.doubt IS NOT NULL))
  AND (provisioning_link.in_scope OR provisioning_link.cause <> v.cause
       OR provisioning_link.application_id IN (SELECT subject_id FROM fold_pending WHERE kind = 'application'))
  AND NOT (provisioning_link.state = 'held' AND provisioning_link.cause = v.cause)
  AND NOT (provisioning_link.state = 'held' AND provisioning_link.cause = 'expired' AND v.cause <> 'deleted'
           AND provisioning_link.application_id NOT IN (SELECT subject_id FROM fold_pending WHERE kind = 'application'))
  AND NOT EXISTS (SELECT 1 FROM provisioning_hold h WHERE h.link_id = provisioning_link.id AND h.user_id IS NULL
                  AND h.state = 'rejected' AND h.cause = v.cause)
"""

#: Who comes back into scope starts afresh: neither a hold nor a decision about the former leaving counts any more.
#: What the mapping asks for is no leaving: that is decided where it is planned.
CANCEL_HOLDS = """
UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s
WHERE state IN ('held', 'released', 'rejected') AND user_id IS NULL AND cause <> 'mapped'
  AND link_id IN (SELECT l.id FROM provisioning_link l JOIN fold_scope s
                  ON s.application_id = l.application_id AND s.local_id = l.local_id AND l.kind = 'user')
"""

#: Who leaves for another cause than the one that was held or decided is decided about anew. A deletion that was
#: rejected when it had expired stays so: such a link has its own cause meanwhile.
CANCEL_STALE_HOLDS = """
UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s
WHERE state IN ('held', 'released', 'rejected') AND user_id IS NULL AND NOT (state = 'rejected' AND cause = 'expired')
  AND EXISTS (SELECT 1 FROM fold_leaving v JOIN provisioning_link l ON l.id = v.link_id
              WHERE l.id = provisioning_hold.link_id AND l.cause <> provisioning_hold.cause)
"""

CANCEL_MEMBER_HOLDS = """
UPDATE provisioning_hold SET state = 'cancelled', decided_at = %s
WHERE state IN ('held', 'released', 'rejected') AND user_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM fold_member t JOIN provisioning_link_member lm
              ON lm.link_id = t.link_id AND lm.user_id = t.user_id AND lm.wanted
              WHERE t.link_id = provisioning_hold.link_id AND t.user_id = provisioning_hold.user_id)
"""

TOUCH_GROUPS = (
    # the group itself changed: its links, and the policies that may now push it
    """
    INSERT INTO fold_group (application_id, local_id, entry_id, members)
    SELECT l.application_id, l.local_id, p.entry_id, FALSE
    FROM fold_pending p JOIN provisioning_link l ON l.local_id = p.subject_id AND l.kind = 'group'
    WHERE p.kind = 'group'
    """,
    # a policy came, went or changed
    """
    INSERT INTO fold_group (application_id, local_id, entry_id, members)
    SELECT p.subject_id, p.other_id, p.entry_id, TRUE FROM fold_pending p WHERE p.kind = 'policy'
    """,
    # switches or mapping changed
    """
    INSERT INTO fold_group (application_id, local_id, entry_id, members)
    SELECT l.application_id, l.local_id, p.entry_id, TRUE
    FROM fold_pending p JOIN provisioning_link l ON l.application_id = p.subject_id AND l.kind = 'group'
    WHERE p.kind = 'application'
    """,
)

ENTER_GROUPS = """
INSERT INTO provisioning_link (application_id, kind, local_id, origin, in_scope, cause, generation, done_generation,
    state, phase, verified, etag, attempts, not_before, reason, entry_id, changed_at)
SELECT t.application_id, 'group', t.local_id, '', TRUE, '', 1, 0, 'due', 3, TRUE, '', 0, 0, '', MAX(t.entry_id), %s
FROM fold_group t
JOIN applications_application a ON a.id = t.application_id AND a.deleted_at IS NULL
JOIN directory_group g ON g.id = t.local_id AND g.deleted_at IS NULL
JOIN applications_policy po ON po.application_id = t.application_id AND po.group_id = t.local_id AND po.push_group
GROUP BY t.application_id, t.local_id
ON CONFLICT (application_id, kind, local_id) DO UPDATE SET
    in_scope = TRUE, cause = '', generation = provisioning_link.generation + 1, state = 'due', phase = 3,
    attempts = 0, not_before = 0, entry_id = excluded.entry_id, changed_at = excluded.changed_at
"""

LEAVE_GROUPS = """
UPDATE provisioning_link SET in_scope = FALSE, cause = v.cause, generation = provisioning_link.generation + 1,
    state = 'due', phase = 6, attempts = 0, not_before = 0, entry_id = v.entry_id, changed_at = %s
FROM (
    SELECT l.id AS link_id, MAX(t.entry_id) AS entry_id,
           CASE WHEN MAX(CASE WHEN g.id IS NULL OR g.deleted_at IS NOT NULL THEN 1 ELSE 0 END) = 1
                THEN 'deleted' ELSE 'unassigned' END AS cause
    FROM fold_group t
    JOIN applications_application a ON a.id = t.application_id AND a.deleted_at IS NULL
    JOIN provisioning_link l ON l.application_id = t.application_id AND l.local_id = t.local_id AND l.kind = 'group'
    LEFT JOIN directory_group g ON g.id = l.local_id
    LEFT JOIN applications_policy po
        ON po.application_id = l.application_id AND po.group_id = l.local_id AND po.push_group
    WHERE po.id IS NULL OR g.id IS NULL OR g.deleted_at IS NOT NULL
    GROUP BY l.id
) v
WHERE provisioning_link.id = v.link_id AND (provisioning_link.in_scope OR provisioning_link.cause <> v.cause)
"""

TOUCH_MEMBERS = (
    # somebody joined or left a pushed group
    """
    INSERT INTO fold_member (link_id, user_id, entry_id)
    SELECT l.id, p.other_id, p.entry_id
    FROM fold_pending p JOIN provisioning_link l ON l.local_id = p.subject_id AND l.kind = 'group' AND l.in_scope
    WHERE p.kind = 'member'
    """,
    # the group is new there, or its policy changed: everybody in it
    """
    INSERT INTO fold_member (link_id, user_id, entry_id)
    SELECT l.id, m.user_id, t.entry_id
    FROM (SELECT application_id, local_id, MAX(entry_id) AS entry_id FROM fold_group WHERE members
          GROUP BY application_id, local_id) t
    JOIN provisioning_link l ON l.application_id = t.application_id AND l.local_id = t.local_id
        AND l.kind = 'group' AND l.in_scope
    JOIN directory_closure c ON c.ancestor_id = l.local_id
    JOIN directory_membership m ON m.group_id = c.descendant_id
    """,
    # and everybody who was in it before
    """
    INSERT INTO fold_member (link_id, user_id, entry_id)
    SELECT l.id, lm.user_id, t.entry_id
    FROM (SELECT application_id, local_id, MAX(entry_id) AS entry_id FROM fold_group WHERE members
          GROUP BY application_id, local_id) t
    JOIN provisioning_link l ON l.application_id = t.application_id AND l.local_id = t.local_id
        AND l.kind = 'group' AND l.in_scope
    JOIN provisioning_link_member lm ON lm.link_id = l.id
    """,
)

#: `wanted` from the closure of now; `due` where wanted and confirmed disagree.
SET_MEMBERS = """
INSERT INTO provisioning_link_member (link_id, user_id, wanted, doubt, due, held, entry_id)
SELECT w.link_id, w.user_id, w.wanted, FALSE, w.wanted, FALSE, w.entry_id
FROM (
    SELECT t.link_id, t.user_id, t.entry_id, EXISTS (
        SELECT 1 FROM directory_membership m CROSS JOIN directory_closure c
        WHERE m.user_id = t.user_id AND c.ancestor_id = l.local_id AND c.descendant_id = m.group_id) AS wanted
    FROM (SELECT link_id, user_id, MAX(entry_id) AS entry_id FROM fold_member GROUP BY link_id, user_id) t
    JOIN provisioning_link l ON l.id = t.link_id
) w
LEFT JOIN provisioning_link_member lm ON lm.link_id = w.link_id AND lm.user_id = w.user_id
WHERE w.wanted OR lm.id IS NOT NULL
ON CONFLICT (link_id, user_id) DO UPDATE SET wanted = excluded.wanted,
    entry_id = CASE WHEN provisioning_link_member.wanted = excluded.wanted THEN provisioning_link_member.entry_id
                    ELSE excluded.entry_id END,
    held = provisioning_link_member.held AND NOT excluded.wanted,
    due = provisioning_link_member.doubt
          OR (excluded.wanted AND provisioning_link_member.remote_id IS NULL)
          OR (NOT excluded.wanted AND provisioning_link_member.remote_id IS NOT NULL)
"""

#: A group whose members differ is due, and so is one that waited for somebody who leaves, failed with them, or is
#: being sent them at this moment: removals before anything else, additions after the accounts.
WAKE_GROUPS = """
UPDATE provisioning_link SET generation = generation + 1, state = 'due', attempts = 0, not_before = 0,
    entry_id = (SELECT MAX(t.entry_id) FROM fold_member t WHERE t.link_id = provisioning_link.id), changed_at = %s,
    phase = CASE
        WHEN remote_id IS NULL THEN 3
        WHEN EXISTS (SELECT 1 FROM provisioning_link_member lm
                     WHERE lm.link_id = provisioning_link.id AND lm.due AND NOT lm.wanted) THEN 1
        WHEN state = 'due' AND phase < 4 THEN phase
        ELSE 4 END
WHERE kind = 'group' AND (id IN (
    SELECT t.link_id FROM fold_member t JOIN provisioning_link_member lm
    ON lm.link_id = t.link_id AND lm.user_id = t.user_id AND lm.due)
    OR ((state IN ('waiting', 'failed') OR intent IS NOT NULL) AND id IN (SELECT link_id FROM fold_member)))
"""

CONFIGURED = "SELECT DISTINCT subject_id FROM fold_pending WHERE kind = 'application'"

UNVERIFY_LINKS = """
UPDATE provisioning_link SET verified = FALSE
WHERE application_id IN (SELECT id FROM applications_application WHERE unverified)
"""
UNVERIFY_DONE = "UPDATE applications_application SET unverified = FALSE WHERE unverified"

TOUCHED_APPLICATIONS = """
SELECT application_id FROM fold_user
UNION SELECT application_id FROM fold_group
UNION SELECT l.application_id FROM fold_member t JOIN provisioning_link l ON l.id = t.link_id
"""
