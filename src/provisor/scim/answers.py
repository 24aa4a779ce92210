"""Reading a complete answer: the resource in it, the list in it, or why the application refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
from yarl import URL

from provisor.scim.errors import Refused, Unreadable
from provisor.scim.json_body import looks_like_html, parse_json, plain_text
from provisor.scim.limits import TransportLimits
from provisor.scim.retry_after import parse_retry_after
from provisor.scim.schemas import ERROR_SCHEMA
from provisor.scim.syntax import member
from provisor.scim.transport import Response

_REDIRECT: Final = range(300, 400)
_SUCCESS: Final = range(200, 300)
_NOT_FOUND: Final = 404
#: Longest error body that is searched for words.
_ERROR_BODY_MAX: Final = 64 * 1024
#: Where applications put their words when they do not follow RFC 7644, 3.12.
_WORDS: Final = ("detail", "message", "error_description", "description", "error", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One ListResponse (RFC 7644, 3.4.2), read leniently. `received` counts whatever was listed."""

    resources: tuple[dict[str, Any], ...]
    received: int
    total: int | None
    next_cursor: str


def refusal(response: Response, now: float) -> Refused:
    """The failure that an answer with a status of 300 or more is. `now` is in Unix seconds."""
    scim_type, detail = _words(response.body)
    pause = response.headers.get("retry-after")
    date = response.headers.get("date", "")
    return Refused(
        _sentence(response, scim_type, detail),
        status=response.status,
        scim_type=scim_type,
        detail=detail,
        retry_after=None if pause is None else parse_retry_after(pause, now=now, date=date),
    )


def read_object(response: Response, limits: TransportLimits, now: float) -> dict[str, Any] | None:
    """The resource in a successful answer; None when it has no body. Raises Refused or Unreadable."""
    if response.status not in _SUCCESS:
        raise refusal(response, now)
    if not response.body:
        return None
    value = parse_json(response.body, limits, status=response.status)
    if type(value) is not dict:
        raise Unreadable(
            f"The answer with status {response.status} is a list where SCIM has an object. "
            "Check that the base URL is the one of the SCIM interface.",
            status=response.status,
        )
    if "schemas" in value and "status" in value:
        _check_for_error(value, response, now)
    return _versioned(_identified(value), response.headers)


def read_required(response: Response, limits: TransportLimits, now: float) -> dict[str, Any]:
    """Like `read_object`, where an answer without content means nothing."""
    value = read_object(response, limits, now)
    if value is None:
        raise Unreadable(
            f"The answer with status {response.status} has no content where SCIM demands some.",
            status=response.status,
        )
    return value


def read_nothing(response: Response, limits: TransportLimits, now: float) -> None:
    """For DELETE: a successful answer, whatever it holds, unless it is a page for people."""
    if response.status not in _SUCCESS:
        raise refusal(response, now)
    if looks_like_html(response.body, response.headers.get("content-type", "")) and response.body:
        parse_json(response.body, limits, status=response.status)


def read_any(response: Response, limits: TransportLimits, now: float) -> dict[str, Any] | list[Any]:
    """An object or a list: discovery documents come as either."""
    if response.status not in _SUCCESS:
        raise refusal(response, now)
    return parse_json(response.body, limits, status=response.status)


def read_listing(response: Response, limits: TransportLimits, now: float) -> Listing:
    """The resources of a ListResponse. Raises Refused, or Unreadable when it is none."""
    answer = read_required(response, limits, now)
    resources, total = member(answer, "Resources"), _count(member(answer, "totalResults"))
    listed = isinstance(resources, list)
    if not listed and (resources or total is None):
        raise Unreadable(
            f"The answer with status {response.status} is no SCIM list: it has neither Resources nor "
            "totalResults. Nothing was concluded from it.",
            status=response.status,
        )
    cursor = member(answer, "nextCursor")
    return Listing(
        resources=tuple(_identified(item) for item in resources if type(item) is dict) if listed else (),
        received=len(resources) if listed else 0,
        total=total,
        next_cursor=cursor if isinstance(cursor, str) else "",
    )


def read_search(response: Response, limits: TransportLimits, now: float) -> Listing:
    """Like `read_listing`, but a 404 that is no page for people means: no hit (Okta accepts it so)."""
    html = looks_like_html(response.body, response.headers.get("content-type", ""))
    if response.status == _NOT_FOUND and not html:
        return Listing(resources=(), received=0, total=None, next_cursor="")
    return read_listing(response, limits, now)


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _identified(value: dict[str, Any]) -> dict[str, Any]:
    """The resource with its id as text: some applications send a number, against RFC 7643, 3.1."""
    identity = value.get("id")
    if type(identity) is int:
        value["id"] = str(identity)
    return value


def _versioned(value: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """The resource with its ETag as `meta.version`, which RFC 7644, 3.14 says is the same."""
    etag = headers.get("etag")
    if etag:
        meta = value.setdefault("meta", {})
        if isinstance(meta, dict):
            meta.setdefault("version", etag)
    return value


def _check_for_error(value: dict[str, Any], response: Response, now: float) -> None:
    """Some applications send the error of RFC 7644, 3.12 under status 200."""
    schemas = value["schemas"]
    if not isinstance(schemas, list) or ERROR_SCHEMA not in schemas:
        return
    status = _count(value["status"])
    if status is None or status not in range(400, 600):
        raise Unreadable("The answer is an error message under a status of success.", status=response.status)
    raise refusal(
        Response(
            status=status,
            headers=response.headers,
            body=response.body,
            milliseconds=response.milliseconds,
        ),
        now,
    )


def _words(body: bytes) -> tuple[str, str]:
    """ScimType and detail of an error, or what stands for them; empty where there are none."""
    try:
        value = orjson.loads(body) if body and len(body) <= _ERROR_BODY_MAX else None
    except orjson.JSONDecodeError:
        value = None if looks_like_html(body) else body.decode(errors="replace")
    if isinstance(value, dict):
        scim_type = member(value, "scimType")
        return (plain_text(scim_type, 60) if isinstance(scim_type, str) else ""), _detail(value)
    return "", plain_text(value) if isinstance(value, str) else ""


def _detail(value: dict[str, Any]) -> str:
    errors = member(value, "errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        value = {**errors[0], **value}
    words = (member(value, name) for name in _WORDS)
    return next((plain_text(word) for word in words if isinstance(word, str) and word.strip()), "")


def _sentence(response: Response, scim_type: str, detail: str) -> str:
    status = response.status
    if status in _REDIRECT:
        return (
            f"The application answered with status {status} and points elsewhere{_elsewhere(response)}. "
            "Provisor follows no redirects: set the base URL to the final address."
        )
    kind = f", {scim_type}" if scim_type else ""
    said = f": {detail.rstrip('.')}." if detail else "."
    return f"The application refused with status {status} ({_phrase(status)}{kind}){said}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no standard status"


def _elsewhere(response: Response) -> str:
    """The origin that a redirect names; its path may hold what is nobody's business."""
    try:
        return f' ("{plain_text(str(URL(response.headers.get("location", "")).origin()), 200)}")'
    except ValueError:
        return ""
