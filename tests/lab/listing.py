"""Lists and searches of the lab target: filters, pages by index and by cursor (RFC 7644 3.4.2, RFC 9865)."""

import base64
import binascii
from bisect import bisect_right
from typing import Any

from tests.lab.answers import LIST, Refusal
from tests.lab.filters import parse
from tests.lab.options import Filtering, LabOptions
from tests.lab.rendering import Rendering
from tests.lab.store import Collection, Record

Query = dict[str, str]


def list_resources(
    collection: Collection, query: Query, options: LabOptions, rendering: Rendering
) -> dict[str, Any]:
    """The ListResponse for a query; raises Refusal."""
    records = _found(collection, query.get("filter", ""), options)
    count = min(_number(query, "count", options.page_size), options.page_cap)
    count = max(count, 0)
    if "cursor" in query and options.cursor:
        page, more = _after_cursor(records, query["cursor"], count)
    else:
        page, more = _from_index(records, query, count, options)
    total = len(page) if options.total_is_page_size else len(records)
    resources = [rendering.show(record, query) for record in page]
    return {
        "schemas": [LIST],
        "totalResults": total,
        **more,
        "itemsPerPage": len(page),
        "Resources": resources,
    }


def _found(collection: Collection, text: str, options: LabOptions) -> list[Record]:
    if not text or options.filter is Filtering.IGNORED:
        return collection.ordered()
    if options.filter is Filtering.ABSENT:
        raise Refusal(501, "Filters are not supported.")
    if options.filter is Filtering.REFUSED:
        raise Refusal(400, "Filters are not supported.", "invalidFilter")
    return collection.matching(parse(text, case_exact=options.filter_case_exact))


def _from_index(
    records: list[Record], query: Query, count: int, options: LabOptions
) -> tuple[list[Record], dict[str, Any]]:
    start = 1 if options.start_index_ignored else max(_number(query, "startIndex", 1), 1)
    return records[start - 1 : start - 1 + count], {"startIndex": start}


def _after_cursor(records: list[Record], cursor: str, count: int) -> tuple[list[Record], dict[str, Any]]:
    # A cursor names the last resource that was seen, so resources deleted meanwhile shift nothing.
    start = bisect_right(records, _serial(cursor), key=lambda record: record.serial) if cursor else 0
    page = records[start : start + count]
    more = start + count < len(records) and page
    return page, {"nextCursor": base64.urlsafe_b64encode(b"%d" % page[-1].serial).decode()} if more else {}


def _serial(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error):
        raise Refusal(400, f'"{cursor}" is no cursor of this server.', "invalidCursor") from None


def _number(query: Query, name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise Refusal(400, f"{name} must be a number.", "invalidValue") from None
