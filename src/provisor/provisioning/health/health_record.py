"""The health of an application in the database, and the notices of it in the same commit (R12, R13; engine.md, section 9)."""

from uuid import UUID

from django.db import transaction

from provisor.applications.models import Application
from provisor.notices import outbox
from provisor.notices.events import HEALTH
from provisor.provisioning.health.health import Halt, probe_wait
from provisor.provisioning.models import Health, Link

#: States that are told at once; the others only when they last (`alarms`).
TOLD_AT_ONCE = frozenset({"refused", "misbehaving"})

WELL_AGAIN = "It answers again, and what waited for it is being sent. Nobody has to do anything."
OTHER_CREDENTIAL = (
    "Of the two credentials that are stored, the application refused the {refused} (401) and accepts the {used}. "
    "Nothing stands still. Put the one that works in the first place, or enter a new one, under the application's "
    "settings."
)


def health_of(application: Application, *, now: int) -> Health:
    """Return the health of an application; one that was never tried is well."""
    health, _ = Health.objects.get_or_create(application=application, defaults={"since": now})
    return health


def may_be_tried(health: Health, application: Application, *, now: int) -> bool:
    """Whether a request may be made now: the sweep asks the same in SQL.

    A changed configuration (a new credential, a resumption) is a reason to try at once; what the application
    itself has asked for (`Retry-After`) counts all the same, unless it is another address now.
    """
    asked = health.asked_until > now and health.asked_at == application.base_url
    rests = health.not_before > now and health.version == application.version
    return not (asked or rests)


def settle_health(health: Health, halt: Halt | None, now: int) -> None:
    """Note how a pass ended; of a pass that was only stopped nothing follows."""
    if halt is None:
        well(health, now)
    elif halt.state in Health.State.values:
        unwell(health, halt, now)


def well(health: Health, now: int) -> None:
    """The application can be worked with."""
    if health.state != Health.State.WELL:
        health.state, health.since = Health.State.WELL, now
        outbox.end(HEALTH, WELL_AGAIN, now=now, application=health.application)
        # what rested because of the application rests no longer; how often it was tried is kept
        Link.objects.filter(application=health.application, state=Link.State.DUE, not_before__gt=now).update(
            not_before=0
        )
    health.reason, health.failures, health.not_before = "", 0, 0


def unwell(health: Health, halt: Halt, now: int) -> None:
    """The application is left alone until its next probe."""
    if health.state != halt.state:
        health.state, health.since, health.failures = halt.state, now, 0
    health.reason = halt.reason
    wait = halt.wait if halt.wait is not None else probe_wait(halt.state, health.failures)
    health.not_before, health.failures = now + wait, health.failures + 1
    if halt.state in TOLD_AT_ONCE:
        outbox.begin(halt.state, halt.reason, now=now, application=health.application, since=health.since)


def cannot_begin(application_id: UUID, sentence: str, *, now: int) -> None:
    """Note why an application cannot be worked with at all, where a person sees it."""
    with transaction.atomic():
        application = Application.objects.get(pk=application_id)
        health = health_of(application, now=now)
        health.version = application.version
        unwell(health, Halt(state="refused", reason=sentence), now)
        health.save()


def note_rotation(health: Health, refused: UUID, slot: str, now: int) -> None:
    """Remember which of two credentials was refused while the other works: the next pass begins with the other."""
    if health.refused_credential == refused:
        return
    health.refused_credential = refused
    words = ("first", "second") if slot == "primary" else ("second", "first")
    sentence = OTHER_CREDENTIAL.format(refused=words[0], used=words[1])
    outbox.begin("credential", sentence, now=now, application=health.application, about=refused.hex)
