"""Filters and attribute paths as values, and their canonical text (RFC 7644, figures 1 and 7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "MISSING"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


#: There is no such attribute, which is something else than null. Falsy.
MISSING: Final = Missing.MISSING


class FilterError(ValueError):
    """A filter that cannot be read. `position` counts characters from 0, `reason` is a full sentence."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(f"{reason} (character {position})")
        self.reason = reason
        self.position = position


class PathError(ValueError):
    """A path that cannot be read, or cannot be assigned. `position` counts characters from 0."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(f"{reason} (character {position})")
        self.reason = reason
        self.position = position


class Operator(StrEnum):
    """The comparisons of RFC 7644, table 3; `pr` is `Present`."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class AttributePath:
    """Where a value is: `schema:attribute[filter].sub_attribute`; all but the attribute may be empty.

    `schema` is empty for the core schemas. An empty `attribute` means the whole extension `schema`.
    """

    schema: str
    attribute: str
    filter: "Filter | None" = None
    sub_attribute: str = ""

    def __str__(self) -> str:
        return self.element + (f".{self.sub_attribute}" if self.sub_attribute else "")

    @property
    def element(self) -> str:
        """The text without the sub-attribute: the element that the filter selects, or the attribute."""
        return self.parent if self.filter is None else f"{self.parent}[{self.filter}]"

    @property
    def parent(self) -> str:
        """The text without filter and sub-attribute: the attribute."""
        if not self.schema:
            return self.attribute
        return f"{self.schema}:{self.attribute}" if self.attribute else self.schema


#: What a filter can compare with: JSON without objects and arrays.
Literal = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`userName eq "bjensen"`. The path may carry a filter, as Entra sends it."""

    path: AttributePath
    operator: Operator
    value: Literal

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {literal(self.value)}"


@dataclass(frozen=True, slots=True)
class Present:
    """`title pr`: there is a value, and it is not empty."""

    path: AttributePath

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more; none of them is an `And`."""

    operands: "tuple[Filter, ...]"

    def __str__(self) -> str:
        return " and ".join(f"({each})" if isinstance(each, Or) else str(each) for each in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more; none of them is an `Or`."""

    operands: "tuple[Filter, ...]"

    def __str__(self) -> str:
        return " or ".join(str(each) for each in self.operands)


@dataclass(frozen=True, slots=True)
class Not:
    """`not (...)`."""

    operand: "Filter"

    def __str__(self) -> str:
        return f"not ({self.operand})"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`emails[type eq "work"]`: some element fulfils the filter as a whole."""

    path: AttributePath

    def __str__(self) -> str:
        return str(self.path)


Filter = Comparison | Present | And | Or | Not | ValuePath


def literal(value: Literal) -> str:
    """A value as a filter writes it: JSON. Non-Latin letters stay as they are, for readers' sake."""
    text = json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair has no UTF-8 form and could not be sent.
    return text if text.isprintable() or _encodable(text) else json.dumps(value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_of(mapping: Mapping[str, Any], name: str) -> str | None:
    """The key under which `mapping` holds `name`, whatever its letters' case (RFC 7643, 2.1)."""
    if name in mapping:
        return name
    length, folded = len(name), name.lower()
    for key in mapping:
        if len(key) == length and key.lower() == folded:
            return key
    return None


def member(mapping: Mapping[str, Any], name: str) -> Any:
    """The value under `name`, whatever its letters' case; `MISSING` when there is none."""
    value = mapping.get(name, MISSING)
    if value is not MISSING:
        return value
    key = key_of(mapping, name)
    return MISSING if key is None else mapping[key]
