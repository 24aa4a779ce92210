"""What a list is asked for: filter, paging, sorting and attributes, from a query string or a `.search` body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.api.scim.conditions import complete
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.projection import Projection, read_projection
from provisor.scim.errors import ScimError
from provisor.scim.filter import FilterError, parse_filter
from provisor.scim.path import PathError, parse_path
from provisor.scim.schemas import SEARCH_REQUEST_SCHEMA
from provisor.scim.syntax import AttributePath, Filter

DEFAULT_COUNT: Final = 100
COUNT_LIMIT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A list that was asked for. `cursor` None: by index; empty: the first page by cursor (RFC 9865, 2)."""

    filter: Filter | None
    start_index: int
    count: int
    cursor: str | None
    sort_by: AttributePath | None
    descending: bool
    projection: Projection

    @property
    def scope(self) -> str:
        """What a cursor is bound to: the same filter in the same order."""
        return f"{self.filter or ''}\n{self.sort_by or ''}\n{self.descending}"


def from_query(exchange: Exchange) -> SearchRequest:
    """Read the query string of a GET (RFC 7644, 3.4.2)."""
    return _read({name: exchange.query(name) for name in exchange.request.GET})


def from_body(exchange: Exchange) -> SearchRequest:
    """Read the body of `POST .search` (RFC 7644, 3.4.3)."""
    body = exchange.body()
    schemas = body.get("schemas")
    named = isinstance(schemas, list) and any(
        isinstance(each, str) and each.lower() == SEARCH_REQUEST_SCHEMA.lower() for each in schemas
    )
    if not named:
        raise ScimError(400, "invalidSyntax", f'"schemas" of a search must name "{SEARCH_REQUEST_SCHEMA}".')
    return _read(body)


def projection_of(exchange: Exchange) -> Projection:
    """The attributes that the query string of a request for one resource asks for."""
    names = {name: exchange.query(name) for name in ("attributes", "excludedAttributes")}
    return _projection(names)


def _read(given: Mapping[str, Any]) -> SearchRequest:
    cursor = _text(given, "cursor")
    return SearchRequest(
        filter=_filter(_text(given, "filter")),
        start_index=max(1, _number(given, "startIndex", 1)),
        count=min(COUNT_LIMIT, max(0, _number(given, "count", DEFAULT_COUNT))),
        cursor=cursor,
        sort_by=_sort_by(_text(given, "sortBy")),
        descending=_descending(_text(given, "sortOrder")),
        projection=_projection(given),
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ScimError(400, "invalidValue", f'"{name}" must be text.')


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    sign, digits = ("-", value[1:]) if str(value).startswith("-") else ("", value)
    if not isinstance(digits, str) or not digits.isascii() or not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004
        scim_type = "invalidCount" if name == "count" and "cursor" in given else "invalidValue"
        raise ScimError(400, scim_type, f'"{name}" must be a whole number.')
    return int(sign + digits)


def _filter(text: str | None) -> Filter | None:
    if text is None or not text.strip():
        return None
    try:
        return complete(parse_filter(text))
    except FilterError as error:
        detail = f"The filter cannot be read at character {error.position}: {error.reason}"
        raise ScimError(400, "invalidFilter", detail) from None


def _sort_by(text: str | None) -> AttributePath | None:
    if text is None or not text.strip():
        return None
    try:
        path = parse_path(text.strip())
    except PathError as error:
        raise ScimError(400, "invalidPath", f'"sortBy" names no attribute. {error.reason}') from None
    if path.filter is not None or not path.attribute:
        raise ScimError(400, "invalidPath", '"sortBy" must be the plain name of an attribute.')
    return path


def _descending(text: str | None) -> bool:
    order = (text or "ascending").strip().lower()
    if order not in {"", "ascending", "descending"}:
        raise ScimError(400, "invalidValue", '"sortOrder" must be "ascending" or "descending".')
    return order == "descending"


def _projection(given: Mapping[str, Any]) -> Projection:
    return read_projection(_list(given, "attributes"), _list(given, "excludedAttributes"))


def _list(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise ScimError(400, "invalidValue", f'"{name}" must be a list of names of attributes.')
