"""The Retry-After header, in both of its forms (RFC 9110, 10.2.3): seconds, or a date."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

#: Longest pause that is believed, in seconds; an administrator can always resume earlier.
LONGEST: Final = 30 * 24 * 3600.0
_SECONDS: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]*)?")


def parse_retry_after(value: str, *, now: float, date: str = "") -> float | None:
    """Seconds to wait from now on; None when the header says nothing that can be understood.

    `now` is our clock (Unix seconds). `date` is the Date header of the same answer: a date to wait for is
    taken relative to the clock of the application, which need not agree with ours.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST)
    until = _unix_seconds(text)
    if until is None:
        return None
    there = _unix_seconds(date.strip())
    return min(max(until - (now if there is None else there), 0.0), LONGEST)


def _unix_seconds(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is in UTC: HTTP knows no other (RFC 9110, 5.6.7).
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
