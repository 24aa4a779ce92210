"""When anchors are taken: by schedule, once in each interval for each place, and whenever somebody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from provisor.audit import chain
from provisor.audit.anchors import Anchor, NotAnchoredError, Place, put, read_places, take
from provisor.audit.models import AuditAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One anchor on its way to one place."""

    place: Place
    anchor: Anchor


def places() -> tuple[Place, ...]:
    """Where anchors go in this installation: `PROVISOR_AUDIT_ANCHORS`."""
    found: tuple[str, ...] = settings.AUDIT_ANCHORS
    return tuple(Place(text=text) for text in found)


def known_anchors() -> list[Anchor]:
    """The anchors in the files of this installation. Raises AnchorsUnreadableError."""
    written = AuditAnchor.objects.exclude(at=None).values_list("place_digest", flat=True)
    return read_places(places(), written)


def take_due(now: datetime, *, every: timedelta = timedelta(0)) -> list[Errand]:
    """Take an anchor for each place that got none for so long, and note the try: nobody else takes it then.

    A place that has the end of the chain already gets no second line.
    """
    wanted = places()
    if not wanted or not _any_due(wanted, now - every):
        return []
    with transaction.atomic():
        chain.lock()
        anchor = take(now)
        return [Errand(place=place, anchor=anchor) for place in wanted if _claim(place, anchor, now, every)]


def _any_due(wanted: Sequence[Place], before: datetime) -> bool:
    """A look without a lock: most of the time nothing is due."""
    tried = AuditAnchor.objects.filter(place_digest__in=[each.digest for each in wanted], tried_at__gt=before)
    return tried.count() < len(wanted)


def _claim(place: Place, anchor: Anchor, now: datetime, every: timedelta) -> bool:
    row, _ = AuditAnchor.objects.get_or_create(place_digest=place.digest, defaults={"label": place.label})
    if row.tried_at is not None and row.tried_at > now - every:
        return False
    row.tried_at = now
    row.save(update_fields=["tried_at"])
    return bool(row.problem) or row.digest != anchor.digest


async def carry(errand: Errand) -> str:
    """Bring one anchor to its place; returns why that failed, or "". Never raises for what is outside."""
    try:
        await put(errand.anchor, errand.place, settings.PRIVATE_TARGETS)
    except NotAnchoredError as error:
        return str(error)
    return ""


def note(errand: Errand, problem: str) -> None:
    """Note what came of it."""
    row = AuditAnchor.objects.filter(place_digest=errand.place.digest)
    if problem:
        row.update(problem=problem)
    else:
        anchor = errand.anchor
        row.update(problem="", at=anchor.at, entries=anchor.entries, digest=anchor.digest)
