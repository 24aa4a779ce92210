"""Letters of sign-in: written with the act that they are about, sent by the engine, so that no request waits for a mail server.

How long a page takes would else tell who has an account, and a letter would be lost with its process. A letter may hold a
code or a link that signs somebody in, so it is sealed for its row (R17), and its row goes when it has been sent.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from smtplib import SMTPException
from typing import Any, Final, Protocol

import structlog
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.models import Letter
from provisor.vault import sealing
from provisor.vault.registry import KeyedColumn

#: Until the next try, after the first, the second and so on; after the last a letter is given up. A code is old by then.
AGAIN_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800))
#: A try is over by then, or its process is dead.
TRY_ENDS: Final = timedelta(minutes=1)
AT_ONCE: Final = 8
#: Seconds between two looks.
LOOK_EVERY: Final = 1.0
log = structlog.get_logger(__name__)


class Outbox(BaseEmailBackend):
    """What stands in for a mail server while a request is answered: it takes a letter by writing a row."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _write({"subject": message.subject, "body": message.body, "to": list(message.to)})
        return len(email_messages)


def to_nobody() -> None:
    """Do what a letter costs where there is nobody to write to: both answers take as long."""
    _write({"subject": "", "body": "", "to": []})


def _write(content: dict[str, Any]) -> None:
    with in_turn():
        now = timezone.now()
        letter = Letter(created_at=now, not_before=now)
        plain = json.dumps(content).encode()
        letter.key_id, letter.sealed = sealing.seal(plain, bound_to=place_of(letter))
        letter.save(force_insert=True)


def place_of(letter: Letter) -> str:
    return sealing.binding("access_letter", letter.pk, "sealed")


#: What an exchange of keys wraps anew here.
SEALED: Final = KeyedColumn(name="letters of sign-in", model=Letter, place=place_of)


def take_due() -> list[Letter]:
    """Take what is due, the oldest first, and count the try; until it is noted nobody else takes it."""
    now = timezone.now()
    due = Letter.objects.filter(not_before__lte=now).order_by("id")
    if not due.exists():
        return []
    with transaction.atomic():
        skips = connection.features.has_select_for_update_skip_locked
        taken = list(due.select_for_update(skip_locked=skips)[:AT_ONCE])
        for letter in taken:
            letter.attempts, letter.not_before = letter.attempts + 1, now + TRY_ENDS
        Letter.objects.bulk_update(taken, ["attempts", "not_before"])
    return taken


def send(letter: Letter) -> str:
    """Make one try; returns why it did not leave, "" when it did or when it is to nobody."""
    try:
        content = json.loads(
            sealing.unseal(letter.key_id, bytes(letter.sealed), bound_to=place_of(letter)).decode()
        )
        if content["to"]:
            EmailMessage(content["subject"], content["body"], to=content["to"]).send()
    except (SMTPException, OSError, ValueError, sealing.VaultError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def note(letter: Letter, problem: str) -> None:
    """Forget a letter that has left or is given up; else it is due again later."""
    again = AGAIN_AFTER[letter.attempts - 1] if letter.attempts <= len(AGAIN_AFTER) else None
    if problem:
        log.warning("mail.not_sent", error=problem, given_up=again is None)
    if problem and again:
        Letter.objects.filter(pk=letter.pk).update(not_before=timezone.now() + again)
    else:
        Letter.objects.filter(pk=letter.pk).delete()


class Runs(Protocol):
    """Runs a function that uses the database in its thread."""

    def run(self, function: Callable[..., Any], /, *args: Any) -> Awaitable[Any]: ...


async def deliver_forever(store: Runs, *, every: float = LOOK_EVERY) -> None:
    """Deliver until the task is cancelled, as the courier of notices does; `every` is in seconds."""
    while True:
        try:
            await deliver(await store.run(take_due), store)
        except Exception:
            log.exception("mail.delivery_failed")
        await asyncio.sleep(every)


async def deliver(letters: Iterable[Letter], store: Runs) -> None:
    """Send these at once, each in a thread, and note what came of each."""

    async def one(letter: Letter) -> None:
        await store.run(note, letter, await asyncio.to_thread(send, letter))

    await asyncio.gather(*(one(letter) for letter in letters))
