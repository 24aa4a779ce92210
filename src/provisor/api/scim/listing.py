"""Lists of users and groups, paged by index or by cursor (RFC 7644, 3.4.2.4; RFC 9865)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from provisor.api.cursors import CursorRefused, seal, unseal
from provisor.api.scim.kind import Kind
from provisor.api.scim.search_request import SearchRequest
from provisor.api.scim.selection import Selection, select
from provisor.scim.errors import ScimError
from provisor.scim.schemas import LIST_RESPONSE_SCHEMA

#: A row with its kind.
Found = tuple[Kind, Any]


def search(kinds: Sequence[Kind], asked: SearchRequest, base: str) -> dict[str, Any]:
    """The ListResponse of a search among one kind, or several. Raises `ScimError` 400."""
    if asked.sort_by is not None and len(kinds) > 1:
        raise ScimError(400, "invalidValue", '"sortBy" works on /Users and on /Groups, not on both at once.')
    selections = [select(kind, asked, base) for kind in kinds]
    if asked.cursor is None:
        found = _across(selections, asked.start_index - 1, asked.count)
        return _response(selections, found, asked, base) | {"startIndex": asked.start_index}
    found, following = _by_cursor(selections, asked, asked.cursor)
    response = _response(selections, found, asked, base)
    return response | ({"nextCursor": following} if following else {})


def _response(
    selections: Sequence[Selection], found: list[Found], asked: SearchRequest, base: str
) -> dict[str, Any]:
    return {
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": sum(selection.total for selection in selections),
        "itemsPerPage": len(found),
        "Resources": _shown(found, asked, base),
    }


def _shown(found: list[Found], asked: SearchRequest, base: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for _, of_kind in groupby(found, key=lambda pair: pair[0].name):
        pairs = list(of_kind)
        rows = [row for _, row in pairs]
        documents = pairs[0][0].documents(rows, asked.projection, base)
        shown.extend(asked.projection.apply(document) for document in documents)
    return shown


def _across(selections: Sequence[Selection], offset: int, count: int) -> list[Found]:
    """A slice of all selections, one after the other."""
    found: list[Found] = []
    for selection in selections:
        wanted = count - len(found)
        found.extend((selection.kind, row) for row in selection.part(offset, wanted))
        offset = max(0, offset - selection.total)
    return found


def _by_cursor(selections: Sequence[Selection], asked: SearchRequest, cursor: str) -> tuple[list[Found], str]:
    """A page and the cursor of the next one, which is empty after the last."""
    scope = "\n".join([*(selection.kind.name for selection in selections), asked.scope])
    position = _position(scope, cursor)
    if not asked.count:
        return [], cursor
    if len(selections) == 1 and selections[0].by_id:
        return _after_row(selections[0], asked.count, scope, position)
    return _after_offset(selections, asked.count, scope, position)


def _position(scope: str, cursor: str) -> str | int | None:
    if not cursor:
        return None
    try:
        position: str | int = unseal(scope, cursor)
    except CursorRefused:
        raise ScimError(
            400,
            "invalidCursor",
            "The cursor was not made for this search, or was altered. Begin again with an empty cursor, and send the "
            "same filter and order with each page.",
        ) from None
    return position


def _after_row(
    selection: Selection, count: int, scope: str, position: str | int | None
) -> tuple[list[Found], str]:
    rows = selection.after(None if position is None else UUID(str(position)), count + 1)
    following = seal(scope, str(rows[count - 1].pk)) if len(rows) > count else ""
    return [(selection.kind, row) for row in rows[:count]], following


def _after_offset(
    selections: Sequence[Selection], count: int, scope: str, position: str | int | None
) -> tuple[list[Found], str]:
    offset = int(position or 0)
    found = _across(selections, offset, count)
    total = sum(selection.total for selection in selections)
    ended = not found or offset + len(found) >= total
    return found, "" if ended else seal(scope, offset + len(found))
