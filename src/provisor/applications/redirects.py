"""Where an application may have people sent back to after single sign-on: compared letter by letter, so checked well."""

from typing import Final
from urllib.parse import urlsplit

from provisor.applications.refusals import Problems, pointer

_MOST, _LONGEST = 20, 2000
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EXAMPLE: Final = 'Write it as the application says, for example "https://acme.example.com/oidc/callback".'


def read_redirects(given: object, place: str, problems: Problems) -> list[str]:
    """Check redirect addresses: https, or http on the person's own machine; no fragment, no wildcard, no credentials."""
    if not isinstance(given, list) or not given or len(given) > _MOST:
        problems.add(place, f"1 to {_MOST} redirect addresses are needed.", _EXAMPLE)
        return []
    for position, each in enumerate(given):
        if not isinstance(each, str) or not _is_fit(each):
            problems.add(pointer(place, position), f'"{each}" cannot be a redirect address.', _EXAMPLE)
    return list(dict.fromkeys(each for each in given if isinstance(each, str)))


def _is_fit(text: str) -> bool:
    plain = text.isascii() and text.isprintable() and not set(text) & set(' *\\#"<>')
    if not plain or len(text) > _LONGEST:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return secure and bool(parts.hostname) and parts.username is None
