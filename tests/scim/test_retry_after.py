"""Both forms of Retry-After, and what is no form of it."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.retry_after import LONGEST, parse_retry_after

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("9" * 18, LONGEST),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
        (formatdate(NOW + 1e9, usegmt=True), LONGEST),
    ],
)
def test_r12_seconds_and_dates_are_read(text: str, seconds: float) -> None:
    """All forms that RFC 9110 knows, bounded below by zero and above by thirty days."""
    assert parse_retry_after(text, now=NOW) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "1e9", "inf", "nan", "0x10", "5 seconds", "٣", "9" * 400, "Mon, 99 Foo"]
)
def test_r12_what_is_no_form_of_it_says_nothing(text: str) -> None:
    """None, so that the caller falls back on its own pause."""
    assert parse_retry_after(text, now=NOW) is None


def test_r12_a_date_is_relative_to_the_clock_of_the_application() -> None:
    """A clock that is an hour fast there does not make us wait an hour longer."""
    there = NOW + 3600
    text = formatdate(there + 30, usegmt=True)
    assert parse_retry_after(text, now=NOW, date=formatdate(there, usegmt=True)) == 30.0
    assert parse_retry_after(text, now=NOW, date="yesterday") == 3630.0


@given(st.text())
def test_r12_any_text_gives_a_bounded_pause_or_none(text: str) -> None:
    """A hostile header never raises."""
    pause = parse_retry_after(text, now=NOW)
    assert pause is None or 0 <= pause <= LONGEST
