"""Delivery: take what is due, send it by e-mail or webhook, note what came of it; again with back-off, not for ever.

Each try is counted and committed before anything is sent, so a crash repeats a message at most, and never loses one.
Receivers of webhooks tell a repetition by its `webhook-id`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction

from provisor.notices.channels import Hook, open_hook
from provisor.notices.messages import body_of, subject_of, text_of
from provisor.notices.models import Channel, Delivery, Notice
from provisor.notices.signature import signed_headers
from provisor.scim.errors import ScimFailure
from provisor.scim.limits import TransportLimits
from provisor.scim.transport import Request, Transport
from provisor.vault.keys import VaultError

#: Milliseconds until the next try, after the first, the second and so on; after the last it has failed.
AGAIN_AFTER: Final = tuple(
    1_000 * seconds for seconds in (5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)
)
#: Messages under way at once.
AT_ONCE: Final = 8
#: Milliseconds in which a try is over, or its process is dead.
TRY_ENDS: Final = 60_000
LIMITS: Final = TransportLimits(body=64 * 1024, connect=5, read=10, total=15)
_SUCCESS: Final = range(200, 300)
_GONE: Final = 410
_LONGEST_OUTCOME: Final = 400

#: Asked every second, for as long as the engine runs.
ANY_DUE: Final = "SELECT 1 FROM notices_delivery WHERE state = 'waiting' AND not_before <= %s LIMIT 1"

NO_MAIL_SERVER: Final = "No mail server is set: PROVISOR_EMAIL_URL is empty."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One delivery that is being tried."""

    delivery: int
    attempts: int
    notice: Notice
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a try."""

    delivered: bool
    sentence: str
    #: Another try would be refused too.
    final: bool = False


def take_due(now: int) -> list[Parcel]:
    """Take what is due, the oldest first, and count the try; `now` in Unix milliseconds.

    Until the outcome is noted nobody else takes it; when none ever is, it is due again after `TRY_ENDS`.
    """
    with connection.cursor() as cursor:
        cursor.execute(ANY_DUE, [now])
        if cursor.fetchone() is None:
            return []
    due = Delivery.objects.filter(state=Delivery.State.WAITING, not_before__lte=now)
    with transaction.atomic():
        skips = connection.features.has_select_for_update_skip_locked
        taken = list(due.select_for_update(skip_locked=skips).order_by("id")[:AT_ONCE])
        for delivery in taken:
            delivery.attempts += 1
            delivery.not_before, delivery.tried_at = now + TRY_ENDS, now
        Delivery.objects.bulk_update(taken, ["attempts", "not_before", "tried_at"])
    found = Delivery.objects.select_related("notice", "channel").in_bulk([each.pk for each in taken])
    return [
        Parcel(delivery=pk, attempts=each.attempts, notice=each.notice, channel=each.channel)
        for pk, each in sorted(found.items())
    ]


def note(parcel: Parcel, outcome: Outcome, now: int) -> None:
    """Note what came of a try: delivered, again later, or failed for good."""
    last = outcome.final or parcel.attempts > len(AGAIN_AFTER)
    state = Delivery.State.WAITING
    if outcome.delivered:
        state = Delivery.State.DELIVERED
    elif last:
        state = Delivery.State.FAILED
    wait = 0 if state != Delivery.State.WAITING else AGAIN_AFTER[parcel.attempts - 1]
    Delivery.objects.filter(pk=parcel.delivery).update(
        state=state, not_before=now + wait, tried_at=now, outcome=outcome.sentence[:_LONGEST_OUTCOME]
    )


async def send(parcel: Parcel, *, clock: Callable[[], float] = time.time) -> Outcome:
    """Make one try. Never raises for what the other side does. `clock` gives Unix seconds."""
    if parcel.channel.kind == Channel.Kind.EMAIL:
        return await asyncio.to_thread(_mail, parcel.channel.address, parcel.notice)
    try:
        hook = open_hook(parcel.channel)
    except VaultError as error:
        return Outcome(delivered=False, sentence=str(error))
    return await _post(hook, parcel.notice, int(clock()))


def _mail(address: str, notice: Notice) -> Outcome:
    if not settings.EMAIL_IS_SET:
        return Outcome(delivered=False, sentence=NO_MAIL_SERVER)
    message = EmailMessage(
        subject_of(notice), text_of(notice), settings.DEFAULT_FROM_EMAIL, [address],
        headers={"Message-ID": f"<{notice.pk}@{_host()}>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    try:
        message.send()
    except (SMTPException, OSError, ValueError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        return Outcome(delivered=False, sentence=f"The mail server did not take it: {said}")
    return Outcome(delivered=True, sentence="The mail server took it.")


def _host() -> str:
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2].rstrip("> ") or "localhost"


async def _post(hook: Hook, notice: Notice, now: int) -> Outcome:
    body = body_of(notice)
    place, _, query = hook.url.partition("?")
    try:
        door = Transport(place, private_targets=settings.PRIVATE_TARGETS, connections=1, limits=LIMITS)
    except ScimFailure as failure:
        return Outcome(delivered=False, sentence=failure.sentence, final=True)
    headers = signed_headers(hook.secret, str(notice.pk), now, body)
    request = Request(
        method="POST",
        url_path="/" if place.endswith("/") else "",
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers={**headers, "Content-Type": "application/json"},
        body=body,
    )
    try:
        answer = await door.send(request)
    except ScimFailure as failure:
        return Outcome(delivered=False, sentence=failure.sentence)
    finally:
        await door.close()
    if answer.status in _SUCCESS:
        return Outcome(delivered=True, sentence=f"It answered {answer.status}.")
    if answer.status == _GONE:
        return Outcome(delivered=False, sentence="It answered 410: the webhook is gone.", final=True)
    return Outcome(delivered=False, sentence=f"It answered {answer.status} instead of 2xx.")
