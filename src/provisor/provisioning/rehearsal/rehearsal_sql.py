"""The named SQL of the rehearsal: what became of the links that a change touched, and how they stood before it.

The same text runs on SQLite and on PostgreSQL.
"""

#: No policy brings its user any more, and it stays in scope: the membership switch is off.
FROZEN = """
l.kind = 'user' AND l.in_scope AND NOT EXISTS (
    SELECT 1 FROM applications_policy po
    JOIN directory_closure c ON c.ancestor_id = po.group_id
    JOIN directory_membership m ON m.group_id = c.descendant_id
    WHERE po.application_id = l.application_id AND m.user_id = l.local_id)
"""

#: `{document}` is the user's resource where protection depends on it; `{frozen}` the condition above, or FALSE.
STANDINGS = """
SELECT l.id, l.kind, l.local_id, l.in_scope, l.cause, l.state, l.remote_id, l.origin, l.doubt, l.sent ->> 'active',
       COALESCE(NULLIF(u.display_name, ''), u.user_name, g.display_name), {frozen}, u.active, {document}
FROM provisioning_link l
LEFT JOIN directory_user u ON l.kind = 'user' AND u.id = l.local_id
LEFT JOIN directory_group g ON l.kind = 'group' AND g.id = l.local_id
"""

#: The fold writes the journal entry on each link that it makes due; the brake may hold it after that.
TOUCHED = "WHERE l.application_id = %s AND l.state IN ('due', 'held') AND l.entry_id > %s ORDER BY l.id"
#: Who left earlier and was deactivated then comes to rest again before it expires: `delete_after_days` counts for it.
REST = """
UPDATE provisioning_link SET state = 'released'
WHERE application_id = %s AND state = 'due' AND entry_id > %s AND kind = 'user' AND NOT in_scope
  AND CAST(sent ->> 'active' AS text) IN ('0', 'false') AND doubt IS NULL
"""
REST_NO_MORE = """
UPDATE provisioning_link SET state = 'due'
WHERE application_id = %s AND state = 'released' AND entry_id > %s AND kind = 'user' AND NOT in_scope
"""
THESE = "WHERE l.id IN ({marks})"

#: What is to be done with members: whoever is wanted and can be a member now or as soon as the account exists.
MEMBERS = """
SELECT l.id, lm.user_id, lm.wanted, lm.held, ul.remote_id IS NOT NULL,
       COALESCE(NULLIF(u.display_name, ''), u.user_name), g.display_name
FROM provisioning_link l
JOIN provisioning_link_member lm ON lm.link_id = l.id AND lm.due
JOIN directory_group g ON g.id = l.local_id
LEFT JOIN directory_user u ON u.id = lm.user_id
LEFT JOIN provisioning_link ul
    ON ul.application_id = l.application_id AND ul.kind = 'user' AND ul.local_id = lm.user_id
WHERE l.id IN ({marks}) AND l.in_scope AND (
    (NOT lm.wanted AND l.remote_id IS NOT NULL)
    OR (lm.wanted AND u.id IS NOT NULL AND (ul.in_scope OR (ul.remote_id IS NOT NULL AND ul.state <> 'missing'))))
ORDER BY lm.id
"""

#: Which phases have anything that the brake may stop. `{marks}` are applications, twice.
REMOVALS = """
SELECT DISTINCT l.application_id, l.phase FROM provisioning_link l
WHERE l.application_id IN ({marks}) AND l.state = 'due' AND l.phase IN (0, 6) AND NOT l.in_scope
UNION
SELECT DISTINCT l.application_id, 1 FROM provisioning_link l
JOIN provisioning_link_member lm ON lm.link_id = l.id AND lm.due
WHERE l.application_id IN ({marks}) AND l.kind = 'group' AND l.in_scope AND NOT lm.wanted AND NOT lm.held
  AND lm.remote_id IS NOT NULL
"""

#: Whom the fold would look at in which application because of what is pending: at most so many accounts.
TOUCHES = """
SELECT t.application_id, COUNT(DISTINCT t.user_id) FROM (
    SELECT l.application_id, l.local_id AS user_id
    FROM directory_pending p JOIN provisioning_link l ON l.local_id = p.subject_id AND l.kind = 'user'
    WHERE p.kind = 'user'
    UNION ALL
    SELECT po.application_id, m.user_id FROM directory_pending p
    JOIN directory_membership m ON m.user_id = p.subject_id
    JOIN directory_closure c ON c.descendant_id = m.group_id
    JOIN applications_policy po ON po.group_id = c.ancestor_id
    WHERE p.kind = 'user'
    UNION ALL
    SELECT po.application_id, p.other_id
    FROM directory_pending p JOIN applications_policy po ON po.group_id = p.subject_id
    WHERE p.kind = 'member'
    UNION ALL
    SELECT p.subject_id, m.user_id FROM directory_pending p
    JOIN directory_closure c ON c.ancestor_id = p.other_id
    JOIN directory_membership m ON m.group_id = c.descendant_id
    WHERE p.kind = 'policy'
    UNION ALL
    SELECT p.subject_id, l.local_id
    FROM directory_pending p JOIN provisioning_link l ON l.application_id = p.subject_id AND l.kind = 'user'
    WHERE p.kind = 'application'
) t JOIN applications_application a ON a.id = t.application_id AND a.deleted_at IS NULL
GROUP BY t.application_id
"""

#: People of some groups, at any depth, in the applications that policies grant to other groups or to those around them.
CROWD = """
SELECT po.application_id, COUNT(DISTINCT m.user_id) FROM directory_closure above
JOIN applications_policy po ON po.group_id = above.ancestor_id
JOIN applications_application a ON a.id = po.application_id AND a.deleted_at IS NULL
CROSS JOIN directory_closure below
JOIN directory_membership m ON m.group_id = below.descendant_id
WHERE above.descendant_id IN ({granted}) AND below.ancestor_id IN ({people})
GROUP BY po.application_id
"""
