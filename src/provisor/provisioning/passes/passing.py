"""Database steps of a pass beside claim and settlement: each is one call of the store."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from provisor.applications.capabilities import READ_BACK, record_probe
from provisor.applications.models import Application, Capability
from provisor.directory.changes import change
from provisor.notices import outbox
from provisor.provisioning.health.health import VANISHED, Health
from provisor.provisioning.homes.epoch import hold
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context
from provisor.scim.capabilities import Fact, Origin

PROVED = """
SELECT CAST(value AS text) FROM applications_capability WHERE application_id = %s AND name = %s AND evidence = %s
"""
LEARNED = "{evidence}. From now on it is written to accordingly (fact {name}); its settings show every fact."
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


def release(context: Context, links: Sequence[int]) -> None:
    """Clear the intents of works of which nothing was sent. Raises FencedError."""
    with transaction.atomic(), connection.cursor() as cursor:
        hold(cursor, context)
        cursor.executemany(sql.RELEASE_INTENT, [(link,) for link in links])


CLOSE_VANISHED = """
UPDATE provisioning_access_interval SET to_at = %s, to_cause = 'vanished'
WHERE to_at IS NULL AND (application_id, user_id) IN
    (SELECT application_id, local_id FROM provisioning_link WHERE id = %s AND kind = 'user')
"""


def learn(context: Context, name: str, value: Any, evidence: str, *, now: int) -> None:
    """Record a capability that the application has shown by its behaviour; `now` in Unix milliseconds.

    Raises FencedError.
    """
    fact = Fact(name=name, value=value, origin=Origin.PROBE, evidence=evidence)
    with change(), connection.cursor() as cursor:
        hold(cursor, context)
        application = Application.objects.get(pk=to_uuid(context.key))
        if record_probe(application, [fact], measured=True):
            sentence = LEARNED.format(name=name, evidence=evidence.rstrip("."))
            outbox.begin(
                "capability", sentence, now=now, application=application, about=f"{name}={value}",
                detail={"fact": name, "value": value},
            )  # fmt: skip


def read_proved(context: Context) -> dict[str, int]:
    """Return how many writes of each kind were read back and found done, at the address of today."""
    with connection.cursor() as cursor:
        cursor.execute(PROVED, [context.key, READ_BACK, context.base_url])
        row = cursor.fetchone()
    proved = None if row is None else orjson.loads(row[0])
    return proved if isinstance(proved, dict) else {}


def keep_proved(context: Context, proved: Mapping[str, int]) -> None:
    """Remember what was read back; trust is in one address, and another one begins anew."""
    row = Capability(
        application_id=to_uuid(context.key), name=READ_BACK, origin=Capability.Origin.PROBE,
        value=dict(proved), evidence=context.base_url, at=timezone.now(),
    )  # fmt: skip
    Capability.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["application", "name", "origin"],
        update_fields=["value", "evidence", "at"],
    )  # fmt: skip


def finish_vanished(context: Context, health: Health, *, now: int) -> None:
    """Decide on what was answered with 404: few are made anew (or were leavers), many are left for a person (R13).

    Raises FencedError.
    """
    if not health.vanished:
        return
    links = [(work.link.id,) for work in health.vanished]
    with transaction.atomic(), connection.cursor() as cursor:
        hold(cursor, context)
        if health.too_many_vanished:
            reason = VANISHED.format(count=health.gone)
            cursor.executemany(sql.PUT_BACK_VANISHED, [(reason, link) for (link,) in links])
            return
        for closing in (CLOSE_VANISHED, sql.CLOSE_FINDINGS):
            cursor.executemany(closing, [(now, link) for (link,) in links])
        for statement in (sql.RESET_MEMBERS_OF_VANISHED, sql.REMAKE_VANISHED, sql.DROP_VANISHED):
            cursor.executemany(statement, links)
