"""What lasts too long becomes a notice: looked for every few seconds beside the passes, never in one.

What is found is in the tables, so nothing is lost by a crash: the next look finds it again, and tells it once.
"""

import asyncio
from collections.abc import Callable

import structlog
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from provisor.applications.models import Application
from provisor.notices import outbox
from provisor.notices.models import Reason
from provisor.provisioning.health.leavers import watch_leavers
from provisor.provisioning.models import Health, Hold
from provisor.provisioning.store import Store

log = structlog.get_logger(__name__)

#: Milliseconds for which a state lasts before it is told.
LASTS = {"unreachable": 5 * 60_000, "throttled": 15 * 60_000}

#: What there is to look at closely: leavers, holds that are not told of or told of and gone, states that have
#: lasted too long and are not told of in these words. Most of the time there is nothing.
LOOK = """
SELECT EXISTS (SELECT 1 FROM provisioning_leaver)
    OR EXISTS (SELECT 1 FROM notices_reason WHERE over_at IS NULL AND event = 'leaver')
    OR EXISTS (SELECT 1 FROM provisioning_link WHERE kind = 'user' AND NOT in_scope
               AND state IN ('due', 'held', 'failed', 'waiting', 'conflict', 'missing')),
    EXISTS (SELECT 1 FROM applications_application a WHERE a.deleted_at IS NULL
        AND EXISTS (SELECT 1 FROM provisioning_hold h WHERE h.application_id = a.id AND h.state = 'held')
         <> EXISTS (SELECT 1 FROM notices_reason r
                    WHERE r.application_id = a.id AND r.event = 'held' AND r.over_at IS NULL)),
    EXISTS (SELECT 1 FROM provisioning_health h
        WHERE (h.state = 'unreachable' AND h.since <= %s OR h.state = 'throttled' AND h.since <= %s)
          AND NOT EXISTS (SELECT 1 FROM notices_reason r WHERE r.application_id = h.application_id
                          AND r.event = h.state AND r.over_at IS NULL AND r.sentence = h.reason))
"""

HELD_ONE = "1 removal is held: {reason} Release it or reject it; everything else goes on."
HELD_MANY = "{count:,} removals are held: {reason} Release or reject them; everything else goes on."
#: How the reason of a hold begins, which the sentence around it says already.
_SAID = "Held: "
DECIDED = "Every held removal was released, rejected or cancelled."


async def watch_forever(store: Store, now: Callable[[], int], *, every: float) -> None:
    """Look every so many seconds until the task is cancelled; a failure of our own database is tried again with the next look."""
    while True:
        try:
            await store.run(look, now())
        except Exception:
            log.exception("alarms.look_failed")
        await asyncio.sleep(every)


def look(now: int) -> None:
    """Tell what has lasted too long, and what is over; `now` in Unix milliseconds. Writes only where there is news.

    Where all is well, it is one statement on small indexes.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [now - LASTS["unreachable"], now - LASTS["throttled"]])
        leavers, holds, states = cursor.fetchone()
    if leavers:
        watch_leavers(now)
    if holds:
        watch_holds(now)
    if states:
        watch_health(now)


def watch_health(now: int) -> None:
    """Applications that have been unreachable or throttled for long."""
    for state, lasts in LASTS.items():
        long = Health.objects.filter(state=state, since__lte=now - lasts, application__deleted_at=None)
        for health in long.select_related("application"):
            outbox.begin(state, health.reason, now=now, application=health.application, since=health.since)


def watch_holds(now: int) -> None:
    """Applications in which removals wait for a decision, and those in which none does any more."""
    held = Hold.objects.filter(application=OuterRef("pk"), state=Hold.State.HELD)
    told = Reason.objects.filter(application=OuterRef("pk"), event="held", over_at=None)
    news = Application.objects.annotate(is_held=Exists(held), is_told=Exists(told)).filter(deleted_at=None)
    for application in _differing(news):
        waiting = Hold.objects.filter(application=application, state=Hold.State.HELD)
        count, first = waiting.count(), waiting.order_by("held_at", "id").first()
        if first is None:
            outbox.end(("held",), DECIDED, now=now, application=application)
            continue
        words = HELD_ONE if count == 1 else HELD_MANY
        sentence = words.format(count=count, reason=first.reason.removeprefix(_SAID))
        detail = {"count": count}
        outbox.begin("held", sentence, now=now, application=application, since=first.held_at, detail=detail)


def _differing(news: QuerySet[Application]) -> list[Application]:
    return [each for each in news if vars(each)["is_held"] != vars(each)["is_told"]]
