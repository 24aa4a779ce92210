"""Looks for a secret in what was told, in every form that software gives it on its way."""

import base64
import json
from functools import cache
from urllib.parse import quote, quote_plus


@cache
def forms_of(secret: str) -> frozenset[str]:
    """The secret plain, in JSON, percent-encoded, in hexadecimal, and in Base64 at any position of a longer text."""
    raw = secret.encode()
    found = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        raw.hex(),
        raw.hex().upper(),
    }
    for before in range(3):
        # What stands before shifts the letters; the first and last of them depend on the neighbours.
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        core = text[(before * 8 + 5) // 6 : -1]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return frozenset(found)


def leaks(text: str, secrets: dict[str, str]) -> set[str]:
    """The names of the secrets that are in the text in any form."""
    return {name for name, secret in secrets.items() if any(form in text for form in forms_of(secret))}
