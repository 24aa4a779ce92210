"""The variables that say where and how often the end of the audit record is noted outside the database."""

from pathlib import Path
from typing import Final

from provisor.site.environment import SettingsError

_HOURLY: Final = 60
_LONGEST: Final = 7 * 24 * 60


def read_anchors(text: str) -> tuple[str, ...]:
    """Read `PROVISOR_AUDIT_ANCHORS`: absolute paths of files and addresses of webhooks, separated by white space."""
    return tuple(dict.fromkeys(_place(word) for word in text.split()))


def _place(word: str) -> str:
    if word.startswith(("https://", "http://")) or Path(word).is_absolute():
        return word
    # The address of a webhook may hold a secret, so what was given is not repeated.
    raise SettingsError(
        "PROVISOR_AUDIT_ANCHORS",
        "has something that is neither an absolute path nor a web address",
        "for example /mnt/anchors/provisor.jsonl or https://anchors.example.com/provisor, separated by spaces",
    )


def read_minutes(variable: str, text: str) -> int:
    """Read a number of minutes, from one to a week; one hour without it."""
    if not text:
        return _HOURLY
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _LONGEST:
        raise SettingsError(variable, f'is "{text}"', f"a number of minutes from 1 to {_LONGEST}")
    return int(text)
