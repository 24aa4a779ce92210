"""Blotting secrets out of what an application sends back: a hostile one echoes what it was given."""

from collections.abc import Iterable
from typing import Final

#: Secrets shorter than this stay: an answer without its every "a" could not be read.
_SHORTEST: Final = 4
_BLOT: Final = b"[concealed]"


def blot_out(text: bytes, secrets: Iterable[bytes]) -> bytes:
    """The text with every occurrence of a secret replaced."""
    for secret in secrets:
        if len(secret) >= _SHORTEST and secret in text:
            text = text.replace(secret, _BLOT)
    return text
