"""A deactivation becomes a deletion later (engine.md, section 6): `delete_after_days` of an application.

Nothing is scheduled. When an account was deactivated is remembered with its access interval, so a restart forgets
nothing, and another number of days counts from the same moment.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from provisor.applications.models import Application
from provisor.planning.deprovision import DEFAULT_ACTIONS
from provisor.planning.operation import Cause
from provisor.provisioning.keys import Key, to_key
from provisor.provisioning.models import AccessInterval, Hold, Link

#: Milliseconds.
DAY = 24 * 3_600_000
MINUTE = 60_000
#: Later than any moment: an account that is live has not been deactivated.
NEVER = 2**63 - 1
#: When this process last looked at an application.
_LOOKED: dict[Key, int] = {}

#: Our own accounts that rest since their deactivation, of people about whom nothing waits for the fold.
OVERDUE = """
SELECT l.id FROM provisioning_link l
WHERE l.application_id = %s AND l.state = 'released' AND l.kind = 'user' AND NOT l.in_scope AND l.intent IS NULL
  AND l.cause IN ({causes}) AND l.origin IN ('created', 'adopted') AND l.remote_id IS NOT NULL
  AND (SELECT MAX(COALESCE(i.to_at, %s)) FROM provisioning_access_interval i
       WHERE i.application_id = l.application_id AND i.user_id = l.local_id) <= %s
  AND NOT EXISTS (SELECT 1 FROM provisioning_hold h
                  WHERE h.link_id = l.id AND h.user_id IS NULL AND h.state = 'rejected' AND h.cause = 'expired')
  AND NOT EXISTS (SELECT 1 FROM directory_pending p
                  WHERE p.subject_id IN (l.local_id, l.application_id) OR p.other_id = l.local_id)
"""
EXPIRE = """
UPDATE provisioning_link SET cause = 'expired', generation = generation + 1, state = 'due', phase = 0, attempts = 0,
    not_before = 0, changed_at = %s
WHERE id IN ({overdue})
"""


def expire(now: int) -> None:
    """Make due what has been deactivated for as long as its application says; `now` in Unix milliseconds.

    The new cause goes through the brake, the switches and the exclusions like any other. A link expires once: what
    is kept all the same rests, until a change of its user or of the configuration gives it its own cause back.
    """
    for key, days, causes in _applications():
        _expire(key, days, causes, now)


def expire_every_minute(now: int) -> None:
    """As `expire`, with at most one look a minute at each application: the sweep comes by far more often."""
    for key, days, causes in _applications():
        if abs(now - _LOOKED.get(key, -MINUTE)) >= MINUTE:
            _expire(key, days, causes, now)
            _LOOKED[key] = now


def _expire(key: Key, days: int, causes: list[str], now: int) -> None:
    overdue = OVERDUE.format(causes=", ".join(["%s"] * len(causes)))
    parameters = [key, *causes, NEVER, now - days * DAY]
    with connection.cursor() as cursor:
        # a look never waits for another writer, so nothing is written where nothing has expired
        cursor.execute(f"{overdue} LIMIT 1", parameters)
        if cursor.fetchone() is not None:
            cursor.execute(EXPIRE.format(overdue=overdue), [now, *parameters])


def _applications() -> Iterator[tuple[Key, int, list[str]]]:
    rows = Application.objects.filter(deleted_at=None, delete_after_days__isnull=False)
    for identifier, days, actions, features in rows.values_list(
        "id", "delete_after_days", "deprovision", "features"
    ):
        causes = _causes(actions, features)
        if causes and days is not None:
            yield to_key(identifier), days, causes


def _causes(actions: Mapping[str, str], features: Mapping[str, Any]) -> list[str]:
    """Return the causes that deactivate first and delete later; none while “delete users” is off."""
    if not features.get("users", {}).get("delete", True):
        return []
    table = {**DEFAULT_ACTIONS, **{Cause(cause): action for cause, action in actions.items()}}
    return [cause.value for cause, action in table.items() if action == "deactivate"]


def deleted_at(application: Application, link: Link) -> int | None:
    """Return when a deactivated account will be deleted, in Unix milliseconds; None where it will not be."""
    causes = _causes(application.deprovision, application.features)
    ours = link.origin in (Link.Origin.CREATED, Link.Origin.ADOPTED) and link.remote_id is not None
    if application.delete_after_days is None or link.cause not in causes or not ours:
        return None
    if link.in_scope or link.state != Link.State.RELEASED or _is_kept(link):
        return None
    intervals = AccessInterval.objects.filter(application=application, user_id=link.local_id)
    ends = list(intervals.values_list("to_at", flat=True))
    closed = [end for end in ends if end is not None]
    if not closed or len(closed) < len(ends):
        return None
    return max(closed) + application.delete_after_days * DAY


def _is_kept(link: Link) -> bool:
    """Whether a person has rejected the deletion."""
    rejected = Hold.objects.filter(link_id=link.id, user_id=None, state=Hold.State.REJECTED)
    return rejected.filter(cause=Link.Cause.EXPIRED).exists()
