"""Leavers whose removal is not confirmed: an alarm after five minutes, whatever the reason (engine.md, section 9)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet

from provisor.applications.models import Application
from provisor.directory.models import JournalEntry, User
from provisor.notices import outbox
from provisor.planning.deprovision import DEFAULT_ACTIONS
from provisor.planning.operation import Cause
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import Leaver, Link
from provisor.provisioning.queries import application_status

#: Milliseconds in which a removal is to be confirmed.
CONFIRMED_WITHIN = 5 * 60_000
#: Milliseconds between two notices about one application: who leaves in a row is told of together.
TOLD_EVERY = 60_000
#: Leavers noted in one go, so that no transaction is long.
NOTED_AT_ONCE = 1_000
NAMED = 5
LISTED = 50

#: Whom the directory has let go, and whose account is live as far as is known, or may have been made by a write
#: without an outcome. The first three conditions are those of the index, here and in `CONCERNED`.
UNCONFIRMED = """
FROM provisioning_link l
WHERE l.kind = 'user' AND NOT l.in_scope AND l.state IN ('due', 'held', 'failed', 'waiting', 'conflict', 'missing')
  AND l.application_id = %s AND l.cause IN ({causes})
  AND ((l.remote_id IS NULL AND (l.intent IS NOT NULL OR l.doubt IS NOT NULL))
       OR EXISTS (SELECT 1 FROM provisioning_access_interval i
                  WHERE i.application_id = l.application_id AND i.user_id = l.local_id AND i.to_at IS NULL))
"""
CONCERNED = """
SELECT id FROM applications_application WHERE deleted_at IS NULL AND (
    id IN (SELECT application_id FROM provisioning_link l WHERE l.kind = 'user' AND NOT l.in_scope
           AND l.state IN ('due', 'held', 'failed', 'waiting', 'conflict', 'missing'))
    OR id IN (SELECT application_id FROM provisioning_leaver)
    OR id IN (SELECT application_id FROM notices_reason WHERE event = 'leaver' AND over_at IS NULL))
"""
NEW = (
    f"SELECT l.id, l.entry_id {UNCONFIRMED} "  # noqa: S608 - constants of this file
    "AND NOT EXISTS (SELECT 1 FROM provisioning_leaver v WHERE v.link_id = l.id) LIMIT %s"
)
#: Confirmed meanwhile, or in scope again, or gone.
OVER = (
    "SELECT v.link_id FROM provisioning_leaver v WHERE v.application_id = %s "  # noqa: S608 - constants of this file
    f"AND v.link_id NOT IN (SELECT l.id {UNCONFIRMED})"
)

STANDING = """
SELECT (SELECT told_at FROM notices_reason WHERE application_id = %s AND event = 'leaver' AND over_at IS NULL LIMIT 1),
    EXISTS (SELECT 1 FROM provisioning_leaver WHERE application_id = %s AND since <= %s AND NOT told),
    EXISTS (SELECT 1 FROM provisioning_leaver WHERE application_id = %s AND told)
"""

STILL = "{people} not confirmed within 5 minutes: {names}. {why}"
ONE, MANY = "The removal of 1 account is", "The removal of {count:,} accounts is"
ALL_CONFIRMED = "No removal is overdue any more."
WHY = {
    "paused": "The application is paused, so nothing is sent. Resume it, or take the accounts away there by hand.",
    "observe": "The application is only observed, so nothing is sent. Set its mode to enforce, or take the accounts away there by hand.",
    "held": "{count:,} of them wait for a decision about what the brake holds. Release them, or provision the most urgent ones on demand.",
    "failed": "{count:,} of them failed and wait for a person. The application's list of links says why for each.",
    "due": "{count:,} of them are tried again by themselves.",
}


def watch_leavers(now: int) -> None:
    """Note who leaves, forget who has left, and tell of those who are overdue; `now` in Unix milliseconds."""
    for application in _concerned():
        causes = list(_causes(application.deprovision, application.features))
        if causes:
            _note_new(application, causes, now)
        # without a cause nobody's account is taken away: then nobody is overdue
        _forget(application, causes or [""])
        _tell(application, now)


def _concerned() -> list[Application]:
    """Where somebody leaves, or was overdue when it was last looked at; on small indexes."""
    with connection.cursor() as cursor:
        cursor.execute(CONCERNED)
        found = [row[0] for row in cursor.fetchall()]
    return list(Application.objects.filter(pk__in=found)) if found else []


def overdue(application_id: UUID, now: int) -> QuerySet[Leaver]:
    """Whose removal is overdue in an application, the oldest first."""
    found = Leaver.objects.filter(application_id=application_id, since__lte=now - CONFIRMED_WITHIN)
    return found.order_by("since", "link_id")


def _causes(actions: Mapping[str, str], features: Mapping[str, Any]) -> Iterator[str]:
    """The causes for which the account is taken away."""
    table = {**DEFAULT_ACTIONS, **{Cause(cause): action for cause, action in actions.items()}}
    deletes = features.get("users", {}).get("delete", True)
    for cause, action in table.items():
        kept = action == "keep" or (not deletes and cause is not Cause.UNASSIGNED)
        if not kept and cause is not Cause.EXPIRED:
            yield cause.value


def _note_new(application: Application, causes: list[str], now: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_with(NEW, causes), [to_key(application.pk), *causes, NOTED_AT_ONCE])
        rows = cursor.fetchall()
    if not rows:
        return
    entries = JournalEntry.objects.filter(pk__in={entry for _, entry in rows if entry})
    moments: dict[int, datetime] = dict(entries.values_list("id", "at"))
    Leaver.objects.bulk_create(
        [
            Leaver(link_id=link, application=application, since=_since(moments.get(entry), now))
            for link, entry in rows
        ],
        ignore_conflicts=True,
    )


def _since(moment: datetime | None, now: int) -> int:
    return now if moment is None else min(now, int(moment.timestamp() * 1_000))


def _forget(application: Application, causes: list[str]) -> None:
    key = to_key(application.pk)
    with connection.cursor() as cursor:
        cursor.execute(_with(OVER, causes), [key, key, *causes])
        gone = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(gone), NOTED_AT_ONCE):
        Leaver.objects.filter(link_id__in=gone[start : start + NOTED_AT_ONCE]).delete()


def _with(statement: str, causes: list[str]) -> str:
    return statement.format(causes=", ".join(["%s"] * len(causes)))


def _tell(application: Application, now: int) -> None:
    """One commit for the alarm and the note that it was raised."""
    told_at, is_late, is_told = _standing(application, now)
    rests = told_at is not None and 0 <= now - told_at < TOLD_EVERY
    if not rests and is_late:
        _raise(application, overdue(application.pk, now), now)
    elif told_at is not None and not is_told:
        outbox.end(("leaver",), ALL_CONFIRMED, now=now, application=application)


def _standing(application: Application, now: int) -> tuple[int | None, bool, bool]:
    """When the alarm was last raised, whether somebody new is overdue, and whether anybody is who was told of."""
    key = to_key(application.pk)
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [key, key, now - CONFIRMED_WITHIN, key])
        told_at, is_late, is_told = cursor.fetchone()
    return told_at, bool(is_late), bool(is_told)


def _raise(application: Application, late: QuerySet[Leaver], now: int) -> None:
    with transaction.atomic():
        sentence, detail = describe(application, late, now)
        if not outbox.begin("leaver", sentence, now=now, application=application, detail=detail):
            outbox.add("leaver", sentence, now=now, application=application, detail=detail)
        late.filter(told=False).update(told=True)


def describe(application: Application, late: QuerySet[Leaver], now: int) -> tuple[str, dict[str, Any]]:
    """Say who is overdue and why, in words and for programs."""
    found = late.aggregate(count=Count("link_id"), first=Min("since"))
    count = int(found["count"])
    people = _people(late)
    names = ", ".join(each["user_name"] for each in people[:NAMED])
    if count > NAMED:
        names += f" and {count - NAMED:,} more"
    sentence = STILL.format(
        people=ONE if count == 1 else MANY.format(count=count), names=names, why=_why(application, late)
    )
    detail = {"count": count, "minutes": int((now - found["first"]) // 60_000), "users": people}
    return sentence.strip(), detail


def _people(late: QuerySet[Leaver]) -> list[dict[str, str]]:
    links = dict(Link.objects.filter(pk__in=late.values("link_id")[:LISTED]).values_list("id", "local_id"))
    names = dict(User.objects.filter(pk__in=links.values()).values_list("id", "user_name"))
    ordered = [links[pk] for pk in late.values_list("link_id", flat=True)[:LISTED] if pk in links]
    return [{"id": str(each), "user_name": names.get(each, str(each))} for each in ordered]


def _why(application: Application, late: QuerySet[Leaver]) -> str:
    status = application_status(application.pk)
    if status["state"] == "paused":
        return WHY["paused"]
    if application.mode == Application.Mode.OBSERVE:
        return WHY["observe"]
    states = (
        Link.objects.filter(pk__in=late.values("link_id")).values_list("state").annotate(count=Count("id"))
    )
    counts = dict(states.order_by())
    counts["failed"] = sum(counts.get(state, 0) for state in ("failed", "conflict", "missing"))
    said = [
        WHY[state].format(count=counts[state]) for state in ("held", "failed", "due") if counts.get(state)
    ]
    return " ".join([*said, str(status["reason"])]).strip()
