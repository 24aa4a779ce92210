"""Answers of the management interface: JSON, versions as ETags, and lists by cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from provisor.api.cursors import CursorRefused, seal, unseal
from provisor.api.entity_tags import entity_tag, names_version
from provisor.api.management.problems import Fault, Problem

#: How many rows of a list are wanted.
Limit = Annotated[int, Field(ge=1, le=1000)]


def answer(
    document: Any, status: int = 200, *, version: int | None = None, location: str = ""
) -> HttpResponse:
    response = HttpResponse(orjson.dumps(document), status=status, content_type="application/json")
    if version is not None:
        response["ETag"] = entity_tag(version)
    if location:
        response["Location"] = location
    return response


def nothing() -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response


def seen_version(request: HttpRequest, current: int) -> int | None:
    """The version that `If-Match` demands, or None without it. Raises `Problem` 412 when it names another.

    The service checks the number again within its transaction, so a change in between is not lost.
    """
    stated = request.headers.get("If-Match", "").strip()
    if not stated:
        return None
    if not names_version(stated, current):
        detail = f"It is at version {entity_tag(current)} now, and If-Match asks for {stated[:100]}. Read it again, then repeat."
        raise Problem(412, "changed-meanwhile", detail)
    return current


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """A page that was asked for: up to `limit` rows after `position`, which is None on the first page."""

    request: HttpRequest
    limit: int
    position: Any

    def cursor_at(self, place: Any) -> str:
        """The cursor of the page that follows a place in this list."""
        return seal(_scope(self.request), place)

    def page(
        self,
        rows: Sequence[Any],
        document: Callable[[Any], Any],
        place: Callable[[Any], Any],
        **more: Any,
    ) -> HttpResponse:
        """Answer with rows of which one more than `limit` was fetched; `place` of the last one makes the cursor.

        `more` are further members of the answer.
        """
        shown = rows[: self.limit]
        following = self.cursor_at(place(shown[-1])) if len(rows) > self.limit else None
        response = answer({"items": [document(row) for row in shown], "next": following, **more})
        if following:
            query = self.request.GET.copy()
            query["cursor"] = following
            response["Link"] = f'<{self.request.path}?{query.urlencode()}>; rel="next"'
        return response


def paging(request: HttpRequest, limit: int, cursor: str | None) -> Paging:
    """Read the cursor, which is bound to this list and its filters. Raises `Problem` 400."""
    if not cursor:
        return Paging(request=request, limit=limit, position=None)
    try:
        position = unseal(_scope(request), cursor)
    except CursorRefused:
        detail = "The cursor was made for another list or other filters, or was altered. Begin without one."
        raise Problem(400, "bad-cursor", detail, [Fault(parameter="cursor", reason=detail)]) from None
    return Paging(request=request, limit=limit, position=position)


def _scope(request: HttpRequest) -> str:
    """The list with its filters: everything in the address but the page itself."""
    filters = sorted((name, value) for name, value in request.GET.items() if name not in {"cursor", "limit"})
    return orjson.dumps([request.path, filters]).decode()
