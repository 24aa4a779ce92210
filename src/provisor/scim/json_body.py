"""Reading the JSON of an answer that may be anything: checked for depth, told apart from HTML."""

import re
from typing import Any, Final

import orjson

from provisor.scim.errors import Unreadable
from provisor.scim.limits import TransportLimits

_CONTAINERS: Final = (dict, list)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_DEFAULTS: Final = TransportLimits()


def parse_json(
    body: bytes, limits: TransportLimits = _DEFAULTS, *, status: int | None = None
) -> dict[str, Any] | list[Any]:
    """The object or array in the body of an answer; Unreadable when it is anything else.

    `orjson` refuses nesting beyond 1,024 by itself and does not recurse on Python's stack, so the
    narrower limit is checked on its result, and only where there are brackets enough to break it. How much
    there is to read is counted before: ten megabytes of empty lists take seconds, in which nobody else is served.
    """
    containers = body.count(b"{") + body.count(b"[")
    if containers > limits.containers or body.count(b",") > limits.values:
        raise Unreadable(
            f"The answer{_with(status)} has more than {limits.containers:,} objects and lists, or more than "
            f"{limits.values:,} values, which is too much for one answer. It was not read.",
            status=status,
        )
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        if body.startswith(_BYTE_ORDER_MARK):
            return parse_json(body[3:], limits, status=status)
        raise Unreadable(_sentence(body, status, str(problem)), status=status) from problem
    if not isinstance(value, _CONTAINERS):
        raise Unreadable(
            f"The answer{_with(status)} is JSON, but neither an object nor a list. "
            "Check that the base URL is the one of the SCIM interface.",
            status=status,
        )
    if containers > limits.depth and _deeper_than(value, limits.depth):
        raise Unreadable(
            f"The answer{_with(status)} is nested deeper than {limits.depth} levels, which no SCIM "
            "resource is. It was not used.",
            status=status,
        )
    return value


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            item
            for holder in level
            for item in (holder.values() if type(holder) is dict else holder)
            if type(item) in _CONTAINERS
        ]
        if not level:
            return False
    return True


def looks_like_html(body: bytes, content_type: str = "") -> bool:
    """Whether the answer is a page for people: a login page, a proxy's error."""
    return "html" in content_type.lower() or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def plain_text(text: str, longest: int = 1000) -> str:
    """Words of an application as one line to show: no control or direction characters, cut to `longest`."""
    line = _UNPRINTABLE.sub(" ", text[: longest * 2]).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _sentence(body: bytes, status: int | None, problem: str) -> str:
    if not body.strip():
        return f"The answer{_with(status)} has no content where SCIM demands some."
    if looks_like_html(body):
        return (
            f"The answer{_with(status)} is a web page, not SCIM. Check the base URL: "
            "a login page or a proxy may stand in front of the application."
        )
    return f"The answer{_with(status)} is no JSON that can be read: {plain_text(problem, 200)}."


def _with(status: int | None) -> str:
    return f" with status {status}" if status else ""
