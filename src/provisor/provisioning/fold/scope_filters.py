"""Scope filters in the fold: for the users that a change touches, which policies do not bring them after all.

A filter is judged anew whenever its user or its policy changes, so nothing about it is stored. Where it fails for a user
who is in scope, it counts as fulfilled: nobody loses anything because of an expression that could not be evaluated.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from provisor.applications.scoping import compiled_or_why
from provisor.mapping.scope import Scope, Verdict
from provisor.provisioning.keys import Key, to_key, to_text

#: Users that are judged at once.
BATCH = 2_000
_FIRST = UUID(int=0)

POLICIES = """
SELECT po.id, po.scope, po.application_id, po.group_id FROM applications_policy po
WHERE po.scope <> '' AND po.application_id IN (SELECT application_id FROM fold_user)
"""
#: Active people of the policy's group whom a change touches, and whether they are in scope so far.
PEOPLE = """
SELECT u.id, u.resource, COALESCE(l.in_scope, FALSE) FROM directory_user u
LEFT JOIN provisioning_link l ON l.application_id = %s AND l.kind = 'user' AND l.local_id = u.id
WHERE u.id > %s AND u.active AND u.deleted_at IS NULL
  AND u.id IN (SELECT local_id FROM fold_user WHERE application_id = %s)
  AND EXISTS (SELECT 1 FROM directory_membership m CROSS JOIN directory_closure c
              WHERE m.user_id = u.id AND c.descendant_id = m.group_id AND c.ancestor_id = %s)
ORDER BY u.id LIMIT %s
"""
LEAVE_OUT = "INSERT INTO fold_out (policy_id, local_id) VALUES (%s, %s)"

#: People of a policy's group, for whoever asks whether it still brings anybody.
EVERYBODY = """
SELECT u.id, u.resource FROM directory_user u
WHERE u.id > %s AND u.active AND u.deleted_at IS NULL
  AND EXISTS (SELECT 1 FROM directory_membership m CROSS JOIN directory_closure c
              WHERE m.user_id = u.id AND c.descendant_id = m.group_id AND c.ancestor_id = %s)
ORDER BY u.id LIMIT %s
"""


def leave_out(cursor: Any) -> None:
    """Fill `fold_out` with the touched users whom a policy's filter does not let in."""
    cursor.execute(POLICIES)
    for policy, text, application, group in cursor.fetchall():
        scope = compiled_or_why(text)
        for people in _touched(cursor, application, group):
            out = [
                (policy, user)
                for user, document, inside in people
                if not _is_in(scope, user, document, inside)
            ]
            cursor.executemany(LEAVE_OUT, out)


def brings_anybody(text: str, group: UUID) -> bool:
    """Whether a filter lets anybody of a group in; where it fails, it counts as if it did."""
    scope = compiled_or_why(text)
    last = to_key(_FIRST)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(EVERYBODY, [last, to_key(group), BATCH])
            rows = cursor.fetchall()
            if any(_is_in(scope, user, document, inside=True) for user, document in rows):
                return True
            if len(rows) < BATCH:
                return False
            last = rows[-1][0]


def _touched(cursor: Any, application: Key, group: Key) -> Iterator[list[tuple[Key, Any, Any]]]:
    last = to_key(_FIRST)
    while True:
        cursor.execute(PEOPLE, [application, last, application, group, BATCH])
        rows = cursor.fetchall()
        yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


def _is_in(scope: Scope | Verdict, user: Key, document: Any, inside: Any) -> bool:
    verdict = scope if isinstance(scope, Verdict) else scope.judge(read_document(user, document))
    return bool(inside) if verdict.matches is None else verdict.matches


def read_document(user: Key, document: Any) -> dict[str, Any]:
    """An active user's document, as filters see it."""
    resource = orjson.loads(document) if isinstance(document, str) else document
    return {**resource, "id": to_text(user), "active": True}
