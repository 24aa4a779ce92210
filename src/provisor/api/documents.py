"""Reading a JSON body from a stranger: capped in size and depth, and only what every database can store."""

import math
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.http import HttpRequest

BODY_LIMIT: Final = 1024 * 1024
DEPTH_LIMIT: Final = 32
#: The range of a JSON number that SQLite and PostgreSQL both keep exactly.
INTEGER_LIMIT: Final = 2**63


class BodyRefused(ValueError):  # noqa: N818 - said of a body, not of us
    """The body cannot be read. `status` is 400 (no good JSON), 413 (too large) or 415 (another format)."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTypes:
    """Which content types of a body are read; a request that names none is believed to send JSON."""

    accepted: frozenset[str]

    def check(self, request: HttpRequest) -> None:
        given = (request.content_type or "").strip().lower()
        if given and given not in self.accepted:
            best = max(self.accepted)
            raise BodyRefused(
                415, f'The content type "{given[:100]}" is not read here. Send JSON as "{best}".'
            )


def announced_length(request: HttpRequest) -> int:
    """The length of the body by its header, 0 without one. Raises `BodyRefused` with 413 above 1 MiB."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdigit() or int(length) > BODY_LIMIT:
        raise _too_large()
    return int(length)


def read_body(request: HttpRequest) -> bytes:
    """The bytes of the body, at most 1 MiB. Raises `BodyRefused` with 413 above it."""
    announced_length(request)
    return within_limit(request.read(BODY_LIMIT + 1))


def within_limit(body: bytes) -> bytes:
    if len(body) > BODY_LIMIT:
        raise _too_large()
    return body


def parse(body: bytes) -> Any:
    """Parse JSON strictly (RFC 8259; NaN and Infinity refused). Raises `BodyRefused` with 400."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BodyRefused(400, f"The body is not JSON ({place}): {error.msg}.") from None
    _check(document)
    return document


def _too_large() -> BodyRefused:
    return BodyRefused(413, f"The body is larger than {BODY_LIMIT // 1024} KiB. Send it in several requests.")


def _check(document: Any) -> None:
    """Walk the document without recursion: depth, and values that no database keeps."""
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            _check_depth(depth)
            waiting.extend((inner, depth + 1) for inner in value.values())
            waiting.extend((name, depth + 1) for name in value)
        elif isinstance(value, list):
            _check_depth(depth)
            waiting.extend((inner, depth + 1) for inner in value)
        else:
            _check_scalar(value)


def _check_depth(depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise BodyRefused(400, f"The JSON is nested deeper than {DEPTH_LIMIT} levels. Flatten it.")


def _check_scalar(value: Any) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise BodyRefused(400, "A string contains the NUL character, which cannot be stored. Remove it.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BodyRefused(400, "A number is too large to be stored. Send a smaller one, or a string.")
    if isinstance(value, int) and not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        raise BodyRefused(400, "An integer has more than 64 bits. Send a smaller one, or a string.")
