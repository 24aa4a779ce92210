"""Corrections: what a scan found to be otherwise is made due, so that the ordinary pass mends it.

What the application really holds is what is acknowledged from now on; the pass sends the difference, in its order, at
its rate, and through the brake where it takes something away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson
from django.db import connection

from provisor.provisioning.batches import execute_batch
from provisor.provisioning.keys import Key, to_key, to_uuid
from provisor.provisioning.models import Link, LinkMember
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.phases import Phase
from provisor.scim.known_attributes import as_boolean

#: Stands for the user of a member that belongs to nobody here; derived, so that it is the same in each scan.
NOBODY = UUID("5d0a7c9e-6d0f-4d0e-9a53-0f6d1a5b7c11")

DUE = """
UPDATE provisioning_link SET state = 'due', phase = %s, generation = generation + 1, attempts = 0, not_before = 0,
    sent = %s, reason = '', changed_at = %s
WHERE id = %s AND intent IS NULL
"""
DOUBT = """
UPDATE provisioning_link SET state = %s, phase = %s, generation = generation + 1, attempts = 0, not_before = 0,
    doubt = %s, reason = %s, changed_at = %s
WHERE id = %s AND intent IS NULL
"""
MEMBERS_DUE = """
UPDATE provisioning_link SET state = 'due', phase = %s, generation = generation + 1, attempts = 0, not_before = 0,
    changed_at = %s
WHERE id = %s AND intent IS NULL
"""

NOT_THERE = (
    "It is not there any more: a scan did not find it, and reading it was answered with 404. "
    "Correct it to have it made anew, or unlink it."
)


def correct_values(link: Link, held: Mapping[str, Any], *, now: int) -> None:
    """Acknowledge the values that are really held (None: nothing there), and have the difference sent."""
    sent = {path: value for path, value in {**(link.sent or {}), **held}.items() if value is not None}
    _remember_access(link, held, now)
    with connection.cursor() as cursor:
        cursor.execute(DUE, [_phase(link).value, orjson.dumps(sent).decode(), now, link.pk])


def _phase(link: Link) -> Phase:
    if link.kind == "user":
        return Phase.USERS if link.in_scope else Phase.ACCOUNT_REMOVALS
    return Phase.GROUPS if link.in_scope else Phase.GROUP_DELETIONS


def _remember_access(link: Link, held: Mapping[str, Any], now: int) -> None:
    """An account that somebody opened or closed there was live, or was not: the brake and the auditor count it."""
    if link.kind != "user" or "active" not in held:
        return
    active = as_boolean(held["active"])
    with connection.cursor() as cursor:
        if active is False:
            cursor.execute(
                sql.CLOSE_INTERVAL, [now, "drift", to_key(link.application_id), to_key(link.local_id)]
            )
        elif active is True:
            row = (to_key(link.application_id), to_key(link.local_id), link.remote_id, now, "drift")
            execute_batch(cursor, sql.OPEN_INTERVAL, sql.OPEN_INTERVAL_TYPES, [row])


def doubt_missing(link: Link, *, correct: bool, now: int) -> None:
    """An account or group that is gone: its link says so, and its next try reads it back, finds nothing, and decides."""
    state = Link.State.DUE if correct else Link.State.FAILED
    reason = "" if correct else NOT_THERE
    doubt_paths(link, [*(link.sent or {}), "active"], state=state, now=now, reason=reason)


def doubt_paths(link: Link, paths: Iterable[str], *, state: str, now: int, reason: str = "") -> None:
    """Put values in doubt: the next try reads them back, and sends what differs from what should be."""
    before = link.doubt or {}
    doubt = {**before, "paths": sorted({*before.get("paths", ()), *paths})}
    with connection.cursor() as cursor:
        cursor.execute(DOUBT, [state, _phase(link).value, orjson.dumps(doubt).decode(), reason, now, link.pk])


def correct_members(link: Link, missing: Iterable[str], extra: Mapping[str, Key | None], *, now: int) -> None:
    """Put back who is missing, take out who is too many: `extra` gives the user of each remote id, None for nobody's.

    A removal waits for the brake like any other.
    """
    absent = list(missing)
    if absent:
        rows = LinkMember.objects.filter(link=link, remote_id__in=absent, wanted=True)
        rows.update(doubt=True, due=True)
    removals = [_removal(link, remote, user) for remote, user in extra.items()]
    if removals:
        LinkMember.objects.bulk_create(removals, ignore_conflicts=True)
    phase = Phase.MEMBER_REMOVALS if removals else Phase.MEMBER_ADDITIONS
    if absent or removals:
        with connection.cursor() as cursor:
            cursor.execute(MEMBERS_DUE, [phase.value, now, link.pk])


def _removal(link: Link, remote_id: str, user: Key | None) -> LinkMember:
    user_id = to_uuid(user) if user is not None else uuid5(NOBODY, f"{link.application_id}:{remote_id}")
    return LinkMember(link=link, user_id=user_id, wanted=False, remote_id=remote_id, due=True)


def users_of(application_id: UUID, remote_ids: Sequence[str]) -> dict[str, UUID]:
    """Return whose accounts these are."""
    rows = Link.objects.filter(application_id=application_id, kind="user", remote_id__in=remote_ids)
    return {str(remote): local for remote, local in rows.values_list("remote_id", "local_id")}
