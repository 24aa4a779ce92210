"""The launch address of an application: where a person's own browser opens it. Provisor itself never goes there."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from provisor.applications.refusals import Problems

_LONGEST: Final = 2000
_EXAMPLE: Final = 'Write it like "https://acme.example.com", or leave it empty.'


def read_launch_address(text: object, place: str, problems: Problems) -> str:
    """Check a launch address and return it without outer white space; empty is fine.

    Only http and https are taken: a browser would run a `javascript:` address as a script of ours.
    """
    if text == "":
        return ""
    if not isinstance(text, str) or len(text) > _LONGEST or not _is_web_address(text.strip()):
        problems.add(place, "This is no address that a browser can open as a page.", _EXAMPLE)
        return ""
    return text.strip()


def _is_web_address(text: str) -> bool:
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in text):
        return False
    parts = _split(text)
    return (
        parts is not None
        and parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
    )


def _split(text: str) -> SplitResult | None:
    """Split an address, and read its port, which is where `urllib` notices a bad one."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts
