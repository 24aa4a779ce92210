"""Begin and end a pass in the database: who may run, what is known, how it went."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from provisor.applications.credentials import OpenCredential
from provisor.applications.models import Application
from provisor.provisioning.drift.scans import is_asked
from provisor.provisioning.health.health import Halt
from provisor.provisioning.health.health_record import (
    health_of,
    may_be_tried,
    note_rotation,
    settle_health,
)
from provisor.provisioning.health.recent import Recent
from provisor.provisioning.homes import epoch
from provisor.provisioning.homes.epoch import FencedError, hold
from provisor.provisioning.keys import Key, to_key
from provisor.provisioning.models import Health, Run
from provisor.provisioning.pace.pace import Pace
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.connection import Stored, read_credentials
from provisor.provisioning.passes.context import Context, load_context
from provisor.provisioning.passes.settle import recover

ENDED = "The process that ran it ended before it did; a later run went on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a pass starts with."""

    context: Context
    credential: OpenCredential
    #: The credential that is tried first: what its refusal is remembered by.
    stored: Stored
    health: Health
    run: Run
    #: The pass before this one ended uncleanly: what it sent last is not known.
    unclean: bool


def begin(application_id: UUID, *, now: int, travelling: Callable[[], int]) -> Beginning | None:
    """Take an application for a pass; None when it is paused or rests, or is well and has nothing to do. What is only observed is
    taken for a scan that was asked for, and read only.

    `travelling` says, once the application is ours, when no request of its former holder can arrive any more (Unix
    milliseconds).
    Raises what makes it impossible to work: NoCredentialError, VaultError, MappingRefused.
    """
    with transaction.atomic():
        application = (
            Application.objects.select_for_update(no_key=True)
            .filter(pk=application_id, deleted_at=None)
            .first()
        )
        if application is None or application.paused:
            return None
        key = to_key(application.id)
        asked = is_asked(key)
        if application.mode != Application.Mode.ENFORCE and not asked:
            return None
        health = health_of(application, now=now)
        due = health.state != Health.State.WELL or has_due(key, now) or asked
        if not due or not may_be_tried(health, application, now=now):
            return None
        credential, stored = read_credentials(application, refused=health.refused_credential)
        if health.version != application.version:
            # another address, another credential, or a person who asks to go on: it is judged anew
            health.recent = []
        health.version = application.version
        application.epoch = epoch.advance(key)
        context = load_context(application)
        # in the same commit: where a hundred applications have a change each, every one counts
        runs = Run.objects.filter(application=application, state__in=(Run.State.RUNNING, Run.State.REQUESTED))
        opened = list(runs.order_by("requested_at"))
        unclean, run = _end_former(opened, now), _begin_run(application, opened, now)
    recover(context, now=now, until=travelling())
    return Beginning(
        context=context, credential=credential, stored=stored, health=health, unclean=unclean, run=run
    )


def has_due(key: Key, now: int) -> bool:
    """Tell whether any link can be worked on now, or was left open by a pass that ended uncleanly."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NEXT_DUE, [key])
        earliest = cursor.fetchone()[0]
        cursor.execute(sql.LEFT_OPEN, [key])
        return (earliest is not None and earliest <= now) or cursor.fetchone() is not None


def _end_former(runs: list[Run], now: int) -> bool:
    """End the runs of a process that ended before they did; whether there was any."""
    former = [run.pk for run in runs if run.state == Run.State.RUNNING]
    if former:
        Run.objects.filter(pk__in=former).update(state=Run.State.STOPPED, finished_at=now, reason=ENDED)
    return bool(former)


def _begin_run(application: Application, runs: list[Run], now: int) -> Run:
    """Begin the run that was asked for first, or one that nobody asked for."""
    requested = next((run for run in runs if run.state == Run.State.REQUESTED), None)
    run = requested or Run(application=application)
    run.state, run.started_at = Run.State.RUNNING, run.started_at or now
    run.save()
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a pass went. What a pass learns is None where it could not even connect."""

    totals: Counter[str]
    halt: Halt | None
    pace: Pace | None = None
    recent: Recent | None = None
    #: The first credential was refused and the other one was used.
    turned: bool = False


def end(beginning: Beginning, ended: Ended, *, unfinished: bool = False, now: int) -> None:
    """Write down how a pass went. A pass in which nothing happened leaves no run behind, unless it was asked for.

    `unfinished`: it gave way to another application, and the next pass goes on with the same run. Of a pass whose
    application was taken over nothing is written: its run belongs to whoever took it.
    """
    run, halt = beginning.run, ended.halt
    run.totals, run.finished_at = dict(ended.totals), now
    run.state = Run.State.FINISHED if halt is None else Run.State.STOPPED
    run.reason = halt.reason if halt else ""
    if unfinished and halt is None:
        run.state, run.finished_at = Run.State.REQUESTED, None
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            hold(cursor, beginning.context)
        except FencedError:
            return
        if ended.totals["requests"] or run.requested_at is not None:
            run.save()
        else:
            run.delete()
        _end_health(beginning, ended, now=now)


def _end_health(beginning: Beginning, ended: Ended, *, now: int) -> None:
    health, halt = beginning.health, ended.halt
    if ended.totals["requests"]:
        health.last_contact = now
    settle_health(health, halt, now)
    if ended.turned and (halt is None or halt.state != Health.State.REFUSED):
        note_rotation(health, beginning.stored.id, beginning.stored.slot, now)
    if ended.recent is not None:
        health.recent = ended.recent.stored()
    if ended.pace is not None:
        health.limiter = ended.pace.levels(now)
        paused_for = int(ended.pace.paused_for * 1_000)
        health.asked_until, health.asked_at = paused_for and now + paused_for, beginning.context.base_url
    health.save()
