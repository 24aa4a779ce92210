"""The outbox: a reason, its notice and the deliveries of it are one commit with what brought them about."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from provisor.applications.models import Application
from provisor.identifiers import uuid7
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel, Delivery, Notice, Reason


def begin(
    event: str,
    sentence: str,
    *,
    now: int,
    application: Application | None = None,
    about: str = "",
    since: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Say that something is the matter; tells, and returns true, only if that was not known yet.

    `about` tells several reasons of one event in one application apart. `now` and `since` in Unix milliseconds.
    To be called in the transaction of what brought it about.
    """
    values = {
        "application": application, "event": event, "sentence": sentence,
        "since": now if since is None else since, "told_at": now,
    }  # fmt: skip
    key = _key(event, application, about)
    with transaction.atomic():
        reason, is_new = Reason.objects.get_or_create(key=key, over_at=None, defaults=values)
        if is_new:
            tell(event, Notice.Phase.BEGAN, sentence, now=now, application=application, detail=detail)
        elif reason.sentence != sentence:
            Reason.objects.filter(pk=reason.pk).update(sentence=sentence)
    return is_new


def add(
    event: str,
    sentence: str,
    *,
    now: int,
    application: Application,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Tell of more of the same while a reason lasts."""
    with transaction.atomic():
        Reason.objects.filter(key=_key(event, application, ""), over_at=None).update(
            sentence=sentence, told_at=now
        )
        tell(event, Notice.Phase.MORE, sentence, now=now, application=application, detail=detail)


def end(
    events: Sequence[str],
    sentence: str,
    *,
    now: int,
    application: Application | None = None,
    about: str | None = None,
) -> bool:
    """Say that these reasons are over; tells once for all of them, and only if one of them had been told.

    With `about` only the reason of that thing, as it was begun.
    """
    with transaction.atomic():
        lasting = Reason.objects.filter(application=application, event__in=events, over_at=None)
        if about is not None:
            lasting = lasting.filter(key__in=[_key(event, application, about) for event in events])
        told = sorted(set(lasting.values_list("event", flat=True)))
        if not told:
            return False
        lasting.update(over_at=now)
        if EVENTS[told[0]].over:
            tell(told[0], Notice.Phase.OVER, sentence, now=now, application=application, to=told)
    return True


def tell(
    event: str,
    phase: Notice.Phase,
    sentence: str,
    *,
    now: int,
    application: Application | None = None,
    detail: Mapping[str, Any] | None = None,
    to: Sequence[str] = (),
) -> Notice:
    """Write one notice with a delivery for each channel that wants it. `to`: the events whose channels hear of it."""
    name = application.name if application else ""
    words = EVENTS[event].over if phase is Notice.Phase.OVER else EVENTS[event].began
    notice = Notice.objects.create(
        id=uuid7(), event=event, phase=phase, application=application, application_name=name, at=now,
        title=" ".join(words.format(name=name).split()), sentence=sentence, detail=dict(detail or {}),
    )  # fmt: skip
    wanted = set(to or (event,))
    channels = [each for each in Channel.objects.filter(enabled=True) if wanted & set(each.events)]
    Delivery.objects.bulk_create(
        Delivery(notice=notice, channel=channel, not_before=now) for channel in channels
    )
    return notice


def _key(event: str, application: Application | None, about: str) -> str:
    return "|".join((application.pk.hex if application else "", event, about))


def told_at(event: str, application: Application) -> int | None:
    """When a lasting reason was last told, in Unix milliseconds; None when it does not last."""
    lasting = Reason.objects.filter(key=_key(event, application, ""), over_at=None)
    return lasting.values_list("told_at", flat=True).first()
