"""Filters: built, read and applied (RFC 7644, 3.4.2.2)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from provisor.scim.filter_parse import parse_filter
from provisor.scim.known_attributes import as_boolean
from provisor.scim.syntax import (
    MISSING,
    And,
    AttributePath,
    Comparison,
    Filter,
    FilterError,
    Literal,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
    literal,
    member,
)

__all__ = [
    "And",
    "Comparison",
    "Filter",
    "FilterError",
    "Not",
    "Operator",
    "Or",
    "Present",
    "ValuePath",
    "equality",
    "is_case_exact",
    "matches",
    "parse_filter",
]

#: Attributes whose values differ when their letters' case does (RFC 7643, 3.1, 4 and 8.7.1).
_CASE_EXACT: Final = frozenset(
    {
        "id",
        "externalid",
        "schemas",
        "profileurl",
        "meta.location",
        "meta.version",
        "meta.resourcetype",
        "members.value",
        "groups.value",
        "manager.value",
        "photos.value",
        "x509certificates.value",
    }
)
#: Attributes whose values are moments and are compared as such.
_MOMENTS: Final = frozenset({"meta.created", "meta.lastmodified"})


def equality(path: str, value: Literal) -> str:
    """The filter `path eq value`. The value is escaped as JSON, so no value can change the filter's meaning."""
    return f"{path} eq {literal(value)}"


def is_case_exact(path: AttributePath, within: str = "") -> bool:
    """Whether the values at this path differ when their letters' case does. `within`: the attribute it is in."""
    return _is_exact(_dotted(path, within))


def _is_exact(dotted: str) -> bool:
    return dotted in _CASE_EXACT or dotted.endswith("$ref")


def _dotted(path: AttributePath, within: str) -> str:
    parts = (within, path.attribute, path.sub_attribute)
    return ".".join(part for part in parts if part).lower()


def matches(found: Filter, resource: Mapping[str, Any], within: str = "") -> bool:
    """Whether the resource fulfils the filter.

    Of several values any may match; `ne` is the contrary of `eq`, so it holds where there is no value.
    Strings compare without regard to case unless the attribute is case-exact. Inside brackets, `resource`
    is the element and `within` the attribute that it belongs to.
    """
    match found:
        case Comparison():
            return _compare(found, resource, within)
        case And():
            return all(matches(each, resource, within) for each in found.operands)
        case Or():
            return any(matches(each, resource, within) for each in found.operands)
        case Not():
            return not matches(found.operand, resource, within)
        case Present() | ValuePath():
            return any(_is_present(value) for value in _values(found.path, resource))


def _is_present(value: object) -> bool:
    return value not in (None, "") and not (isinstance(value, dict | list) and not value)


def _values(path: AttributePath, resource: Mapping[str, Any]) -> Iterator[Any]:
    """Every value at the path; lists are opened."""
    holder = member(resource, path.schema) if path.schema else resource
    if not path.attribute or not isinstance(holder, Mapping):
        yield from () if holder is MISSING else (holder,)
        return
    for element in _opened(member(holder, path.attribute)):
        if path.filter is not None and not (
            isinstance(element, Mapping) and matches(path.filter, element, path.attribute)
        ):
            continue
        if not path.sub_attribute:
            yield element
        elif isinstance(element, Mapping):
            yield from _opened(member(element, path.sub_attribute))


def _opened(value: Any) -> list[Any]:
    if value is MISSING:
        return []
    return value if isinstance(value, list) else [value]


def _compare(found: Comparison, resource: Mapping[str, Any], within: str) -> bool:
    values = [_simple(value) for value in _values(found.path, resource)]
    if found.value is None:
        empty = not any(_is_present(value) for value in values)
        return empty if found.operator is Operator.EQ else not empty
    dotted = _dotted(found.path, within)
    if found.operator is Operator.NE:
        return not any(_holds(Operator.EQ, value, found.value, dotted) for value in values)
    return any(_holds(found.operator, value, found.value, dotted) for value in values)


def _simple(value: Any) -> Any:
    """What a complex value is compared by: its "value" (RFC 7643, 2.4)."""
    return member(value, "value") if isinstance(value, Mapping) else value


def _holds(operator: Operator, value: Any, wanted: Literal, dotted: str) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return (
            operator is Operator.EQ
            and as_boolean(value) is not None
            and as_boolean(value) == as_boolean(wanted)
        )
    if isinstance(value, str) and isinstance(wanted, str):
        if dotted in _MOMENTS:
            return _holds_for_moments(operator, value, wanted)
        exact = _is_exact(dotted)
        return _TESTS[operator](*((value, wanted) if exact else (value.casefold(), wanted.casefold())))
    if isinstance(value, int | float) and isinstance(wanted, int | float) and operator in _NUMERIC:
        return _TESTS[operator](value, wanted)
    return False


def _holds_for_moments(operator: Operator, value: str, wanted: str) -> bool:
    one, other = _moment(value), _moment(wanted)
    if one is None or other is None or operator not in _NUMERIC:
        return _TESTS[operator](value, wanted)
    return _TESTS[operator](one, other)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_TESTS: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQ: lambda value, wanted: value == wanted,
    Operator.CO: lambda value, wanted: wanted in value,
    Operator.SW: lambda value, wanted: value.startswith(wanted),
    Operator.EW: lambda value, wanted: value.endswith(wanted),
    Operator.GT: lambda value, wanted: value > wanted,
    Operator.GE: lambda value, wanted: value >= wanted,
    Operator.LT: lambda value, wanted: value < wanted,
    Operator.LE: lambda value, wanted: value <= wanted,
}
_NUMERIC: Final = frozenset({Operator.EQ, Operator.GT, Operator.GE, Operator.LT, Operator.LE})
