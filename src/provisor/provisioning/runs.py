"""Begin and end a pass in the database: who may run, what is known, how it went."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from provisor.applications.credentials import OpenCredential
from provisor.applications.models import Application
from provisor.provisioning import engine_sql as sql
from provisor.provisioning.connection import read_credential
from provisor.provisioning.context import Context, load_context
from provisor.provisioning.health import Halt, probe_wait
from provisor.provisioning.keys import Key, to_key
from provisor.provisioning.limiter import Limiter
from provisor.provisioning.models import Health, Run
from provisor.provisioning.settle import recover

#: Milliseconds that a link with an open intent rests after an unclean end: longer than any request lives.
TRAVELLING = 1_000

ENDED = "The process that ran it ended before it did; a later run went on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a pass starts with."""

    context: Context
    credential: OpenCredential
    health: Health
    run: Run


def begin(application_id: UUID, *, now: int) -> Beginning | None:
    """Take an application for a pass; None when it is paused, observed, resting or has nothing due.

    Raises what makes it impossible to work: NoCredentialError, VaultError, MappingRefused.
    """
    with transaction.atomic():
        application = (
            Application.objects.select_for_update().filter(pk=application_id, deleted_at=None).first()
        )
        if application is None or application.paused or application.mode != Application.Mode.ENFORCE:
            return None
        health, _ = Health.objects.get_or_create(application=application, defaults={"since": now})
        if health.not_before > now or not has_due(to_key(application.id), now):
            return None
        credential = read_credential(application)
        Application.objects.filter(pk=application_id).update(epoch=F("epoch") + 1)
        application.epoch += 1
        context = load_context(application)
    recover(context, now=now, wait=TRAVELLING)
    Run.objects.filter(application=application, state=Run.State.RUNNING).update(
        state=Run.State.STOPPED, finished_at=now, reason=ENDED
    )
    return Beginning(context=context, credential=credential, health=health, run=_begin_run(application, now))


def has_due(key: Key, now: int) -> bool:
    """Tell whether any link can be worked on now, or was left open by a pass that ended uncleanly."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NEXT_DUE, [key])
        earliest = cursor.fetchone()[0]
        cursor.execute(sql.LEFT_OPEN, [key])
        return (earliest is not None and earliest <= now) or cursor.fetchone() is not None


def _begin_run(application: Application, now: int) -> Run:
    requested = (
        Run.objects.filter(application=application, state=Run.State.REQUESTED)
        .order_by("requested_at")
        .first()
    )
    run = requested or Run(application=application)
    run.state, run.started_at = Run.State.RUNNING, now
    run.save()
    return run


def end(
    beginning: Beginning, totals: Counter[str], halt: Halt | None, limiter: Limiter | None, *, now: int
) -> None:
    """Write down how a pass went. A pass in which nothing happened leaves no run behind, unless it was asked for."""
    run, health = beginning.run, beginning.health
    run.totals = dict(totals)
    run.finished_at = now
    run.state = Run.State.FINISHED if halt is None else Run.State.STOPPED
    run.reason = halt.reason if halt else ""
    if totals["requests"] or run.requested_at is not None:
        run.save()
    else:
        run.delete()
    _end_health(health, totals, halt, now)
    if limiter is not None:
        health.limiter = limiter.levels(now)
        health.not_before = max(health.not_before, now + int(limiter.paused_for * 1_000))
    health.save()


def _end_health(health: Health, totals: Counter[str], halt: Halt | None, now: int) -> None:
    if totals["requests"]:
        health.last_contact = now
    if halt is None:
        well(health, now)
    elif halt.state in Health.State.values:
        unwell(health, halt, now)


def well(health: Health, now: int) -> None:
    """The application can be worked with."""
    if health.state != Health.State.WELL:
        health.state, health.since = Health.State.WELL, now
    health.reason, health.failures, health.not_before = "", 0, 0


def unwell(health: Health, halt: Halt, now: int) -> None:
    """The application is left alone until its next probe."""
    if health.state != halt.state:
        health.state, health.since, health.failures = halt.state, now, 0
    health.reason = halt.reason
    wait = halt.wait if halt.wait is not None else probe_wait(halt.state, health.failures)
    health.not_before, health.failures = now + wait, health.failures + 1


def cannot_begin(application_id: UUID, sentence: str, *, now: int) -> None:
    """Note why an application cannot be worked with at all, where a person sees it."""
    health, _ = Health.objects.get_or_create(application_id=application_id, defaults={"since": now})
    unwell(health, Halt(state="refused", reason=sentence), now)
    health.save()
