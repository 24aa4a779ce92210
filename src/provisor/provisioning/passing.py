"""Database steps of a pass beside claim and settlement: each is one call of the store."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from provisor.applications.capabilities import record_probe
from provisor.applications.models import Application
from provisor.provisioning import engine_sql as sql
from provisor.provisioning.context import Context
from provisor.provisioning.health import VANISHED, Health
from provisor.provisioning.keys import to_uuid
from provisor.scim.capabilities import Fact, Origin

FORMER = "a user who has left"


def count_new(context: Context, kind: str) -> int:
    """Return how many links of a kind are to be created."""
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNT_NEW, [context.key, kind])
        return int(cursor.fetchone()[0])


def holder_of(context: Context, kind: str, remote_id: str) -> str:
    """Return the name of whoever a remote id is linked to, or an empty one."""
    with connection.cursor() as cursor:
        cursor.execute(sql.HOLDER_OF_REMOTE, [context.key, kind, remote_id])
        row = cursor.fetchone()
    return "" if row is None else (row[1] or FORMER)


def confirmed_members(link: int) -> list[str]:
    """Return the remote ids of the members that the application has confirmed for a group."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CONFIRMED_MEMBERS, [link])
        return [row[0] for row in cursor.fetchall()]


def release(links: Sequence[int]) -> None:
    """Clear the intents of works of which nothing was sent."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql.RELEASE_INTENT, [(link,) for link in links])


CLOSE_VANISHED = """
UPDATE provisioning_access_interval SET to_at = %s, to_cause = 'vanished'
WHERE to_at IS NULL AND (application_id, user_id) IN
    (SELECT application_id, local_id FROM provisioning_link WHERE id = %s AND kind = 'user')
"""


def learn(context: Context, name: str, value: Any, evidence: str) -> None:
    """Record a capability that the application has shown by its behaviour."""
    application = Application.objects.get(pk=to_uuid(context.key))
    record_probe(
        application, [Fact(name=name, value=value, origin=Origin.PROBE, evidence=evidence)], measured=True
    )


def finish_vanished(health: Health, *, now: int) -> None:
    """Decide on what was answered with 404: few are made anew (or were leavers), many are left for a person (R13)."""
    if not health.vanished:
        return
    links = [(work.link.id,) for work in health.vanished]
    with transaction.atomic(), connection.cursor() as cursor:
        if health.too_many_vanished:
            reason = VANISHED.format(count=len(links))
            cursor.executemany(sql.PUT_BACK_VANISHED, [(reason, link) for (link,) in links])
            return
        cursor.executemany(CLOSE_VANISHED, [(now, link) for (link,) in links])
        for statement in (sql.RESET_MEMBERS_OF_VANISHED, sql.REMAKE_VANISHED, sql.DROP_VANISHED):
            cursor.executemany(statement, links)
