"""Errors of the management interface: RFC 9457 `application/problem+json`, one stable `type` for each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.http import HttpResponse

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:provisor:problem:"

#: The last part of `type`, by status and meaning, with its `title`.
TITLES: Final = {
    "unreadable": "The request cannot be read",
    "bad-cursor": "The cursor cannot be used",
    "unauthenticated": "A valid token is needed",
    "forbidden": "The role does not allow this",
    "not-found": "There is no such thing",
    "method-not-allowed": "The method does not work here",
    "duplicate": "It is there already",
    "not-now": "The present state does not allow this",
    "effect-required": "Say what was shown",
    "changed-meanwhile": "Somebody else has changed it",
    "too-large": "The body is too large",
    "wrong-media-type": "The format of the body is not read",
    "invalid": "Some values cannot be used",
    "key-reused": "The idempotency key belongs to another request",
    "too-often": "It was asked for too often",
    "failed": "Provisor failed to answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One value at fault: in the body by JSON Pointer (RFC 6901), or a parameter of the address by name."""

    reason: str
    pointer: str | None = None
    parameter: str | None = None
    hint: str = ""

    def document(self) -> dict[str, str]:
        members = {
            "pointer": self.pointer,
            "parameter": self.parameter,
            "reason": self.reason,
            "hint": self.hint,
        }
        return {
            name: value
            for name, value in members.items()
            if value is not None and (value or name == "pointer")
        }


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer that is an error. `slug` is a key of `TITLES`; `detail` says what happened and what to do.

    `retry_after` are seconds; 0 where waiting alone changes nothing.
    """

    def __init__(
        self, status: int, slug: str, detail: str, faults: Sequence[Fault] = (), *, retry_after: int = 0
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.faults = tuple(faults)
        self.retry_after = retry_after

    def document(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "type": _TYPE + self.slug,
            "title": TITLES[self.slug],
            "status": self.status,
            "detail": self.detail,
        }
        if self.faults:
            shown["errors"] = [fault.document() for fault in self.faults]
        return shown

    def answer(self) -> HttpResponse:
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return HttpResponse(
            orjson.dumps(self.document()), status=self.status, content_type=MEDIA_TYPE, headers=headers
        )


def missing(noun: str, given: str) -> Problem:
    detail = f'There is no {noun} with the id "{given[:100]}", or it was deleted. Look it up in the list.'
    return Problem(404, "not-found", detail)
