"""Answers of the SCIM interface: resources, lists, errors, and their headers (RFC 7644, 3.4.2, 3.12, 3.14)."""

from typing import Any

import orjson
from django.http import HttpResponse

from provisor.api.bearer import Unauthenticated
from provisor.api.scim.exchange import MEDIA_TYPE, Exchange
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.scim.errors import ScimError
from provisor.scim.schemas import LIST_RESPONSE_SCHEMA


def document(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type=MEDIA_TYPE)


def resource(body: dict[str, Any], *, tag: str, location: str, status: int = 200) -> HttpResponse:
    """One resource, with `ETag` and `Location` even where `attributes` left its `meta` out."""
    answer = document(body, status)
    answer["ETag"] = tag
    if status == 201:  # noqa: PLR2004 - an HTTP status
        answer["Location"] = location
    else:
        answer["Content-Location"] = location
    return answer


def empty(status: int = 204, *, tag: str = "") -> HttpResponse:
    answer = HttpResponse(status=status, content_type=MEDIA_TYPE)
    del answer["Content-Type"]
    if tag:
        answer["ETag"] = tag
    return answer


def whole_list(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A list that is short and never paged: resource types and schemas."""
    return {
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": len(resources),
        "itemsPerPage": len(resources),
        "startIndex": 1,
        "Resources": resources,
    }


def error(problem: ScimError) -> HttpResponse:
    return document(problem.body(), problem.status)


def unauthenticated(reason: Unauthenticated) -> HttpResponse:
    answer = error(ScimError(401, detail=reason.sentence))
    answer["WWW-Authenticate"] = reason.challenge
    return answer


#: The directory's refusals as RFC 7644, tables 8 and 9, name them.
_STATUSES: dict[RefusalKind, tuple[int, str]] = {
    RefusalKind.INVALID: (400, "invalidValue"),
    RefusalKind.DUPLICATE: (409, "uniqueness"),
    RefusalKind.MISSING: (404, ""),
    RefusalKind.CONFLICT: (412, ""),
    RefusalKind.CYCLE: (400, "invalidValue"),
    RefusalKind.PROTECTED: (403, ""),
}


def refusal(refused: DirectoryRefusal) -> ScimError:
    status, scim_type = _STATUSES[refused.kind]
    return ScimError(status, scim_type, refused.reason)


def missing(kind: str, given: str) -> ScimError:
    return ScimError(404, detail=f'There is no {kind} with the id "{given[:100]}", or it was deleted.')


def precondition_failed(exchange: Exchange) -> ScimError:
    given = exchange.request.headers.get("If-Match", "")
    return ScimError(
        412,
        detail=f"The resource is no longer the version {given[:100]} that was asked for. Read it again, then repeat.",
    )
