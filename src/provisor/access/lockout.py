"""Who guesses has to wait, longer and longer; and nobody can keep somebody else out for ever by guessing.

Wrong passwords and codes are counted twice: for the e-mail address from one source, and for the e-mail address from all
sources together. A source is the network address, or a browser in which the account has signed in before, which it shows
by a cookie. From one source five wrong tries are free, then each one has to wait: a minute, two, four, up to an hour. From
all strange sources together it is fifty. A known browser is judged by its own tries alone, so what strangers do elsewhere
does not concern it; and a passkey, which nobody can guess, is never locked. A try while one has to wait is not looked at
and not counted. Addresses that belong to nobody are counted like others, so that nothing can be learned here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from provisor.access.models import FailedSignIns

#: Wrong tries that cost nothing: from one source, and from all strange ones together.
FREE, FREE_TOGETHER = 5, 50
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
#: After so long without a wrong try all is forgotten.
FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a try comes from: an address, or `known` by the cookie of a browser."""

    name: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try that may be made. It counts as wrong until `succeeded` says otherwise."""

    keys: tuple[str, ...]
    #: Whether a wait begins with it, should it be wrong.
    last_free: bool


class MustWaitError(Exception):
    """Too many wrong tries: the next one may be made at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Wait until {until.isoformat()}.")
        self.until = until

    @property
    def minutes(self) -> int:
        """Whole minutes to wait, rounded up."""
        return max(1, -int((timezone.now() - self.until).total_seconds() // 60))


def begin(email: str, source: Source) -> Try:
    """Count a try before it is looked at, so that a hundred at once are a hundred. Raises `MustWaitError`."""
    counters = _counters(email, source)
    with transaction.atomic():
        rows = [_row(email, key) for key, _ in counters]
        for row, (_, free) in zip(rows, counters, strict=True):
            _check(row, free)
        for row in rows:
            row.failures, row.last_at = row.failures + 1, timezone.now()
            row.save()
        last = any(row.failures == free for row, (_, free) in zip(rows, counters, strict=True))
    return Try(keys=tuple(key for key, _ in counters), last_free=last)


def succeeded(made: Try) -> None:
    """The try was right: its source begins anew, and it does not count among those of all sources."""
    own, *together = made.keys
    with transaction.atomic():
        FailedSignIns.objects.filter(pk=own).delete()
        FailedSignIns.objects.filter(pk__in=together, failures__gt=0).update(failures=F("failures") - 1)


#: What is counted for the second factor of an address, apart from its passwords.
SECOND_FACTOR: Final = " second factor"


def forget(email: str) -> int:
    """Forget all wrong tries for an e-mail address; for an unlock. How many there were."""
    keys = [_digest("email", whose) for whose in (email, email + SECOND_FACTOR)]
    found = FailedSignIns.objects.filter(email_key__in=keys)
    count = sum(found.values_list("failures", flat=True))
    found.delete()
    return count


def forget_old() -> None:
    """Delete what has been forgotten; called with each sign-in."""
    FailedSignIns.objects.filter(last_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def waiting(emails: Iterable[str]) -> dict[str, datetime]:
    """Of these e-mail addresses, those at which strange sources have to wait now, and until when."""
    by_key = {_together(email): email for email in emails}
    rows = FailedSignIns.objects.filter(pk__in=by_key)
    found = {by_key[row.pk]: _until(row, FREE_TOGETHER) for row in rows}
    now = timezone.now()
    return {email: until for email, until in found.items() if until is not None and until > now}


def _counters(email: str, source: Source) -> list[tuple[str, int]]:
    own = (_digest("source", email, source.name), FREE)
    return [own] if source.known else [own, (_together(email), FREE_TOGETHER)]


def _row(email: str, key: str) -> FailedSignIns:
    new = {"email_key": _digest("email", email), "last_at": timezone.now()}
    row, _ = FailedSignIns.objects.select_for_update().get_or_create(key=key, defaults=new)
    if timezone.now() - row.last_at > FORGOTTEN_AFTER:
        row.failures = 0
    return row


def _check(row: FailedSignIns, free: int) -> None:
    until = _until(row, free)
    if until is not None and until > timezone.now():
        raise MustWaitError(until)


def _until(row: FailedSignIns, free: int) -> datetime | None:
    beyond = row.failures - free
    if beyond < 0:
        return None
    # The exponent is bounded: a number of that many bits would be of no use.
    until: datetime = row.last_at + min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
    return until


def _together(email: str) -> str:
    return _digest("together", email)


def _digest(kind: str, email: str, source: str = "") -> str:
    return hashlib.sha256("\0".join((kind, email.strip().lower(), source)).encode()).hexdigest()
