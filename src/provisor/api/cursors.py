"""Opaque cursors: a place in a list, signed, and good only for the query that it was made for."""

import hashlib
from typing import Any, Final

from django.core.signing import BadSignature, Signer

LENGTH_LIMIT: Final = 2048


class CursorRefused(ValueError):  # noqa: N818 - said of a cursor, not of us
    """The cursor was altered, cut, made elsewhere, or made for another query."""


def seal(scope: str, position: Any) -> str:
    """Write a JSON value as a cursor. `scope` names the list with its filters; it is not part of the cursor."""
    return _signer(scope).sign_object(position)


def unseal(scope: str, cursor: str) -> Any:
    """The position that `seal` was given for the same scope. Raises `CursorRefused`."""
    if len(cursor) > LENGTH_LIMIT:
        raise CursorRefused
    try:
        return _signer(scope).unsign_object(cursor)
    except (BadSignature, ValueError):
        raise CursorRefused from None


def _signer(scope: str) -> Signer:
    digest = hashlib.sha256(scope.encode("utf-8", "surrogatepass")).hexdigest()
    return Signer(sep=".", salt=f"provisor.api.cursor.{digest}")
