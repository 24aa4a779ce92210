"""A filter as a query: what the columns can answer is asked of the database, the rest is tested row by row."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Q  # noqa: TC002 - one rule for all imports of this file

from provisor.api.scim.columns import ANY_ROW, NO_ROW, Candidates, Column, holding
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from provisor.scim.syntax import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Literal,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)

#: The text of the stored document, as `listing` names it in the query.
DOCUMENT_TEXT: Final = "document_text"
#: Attributes that are not in the stored document but made for each answer.
_MADE: Final = frozenset({"id", "schemas", "meta", "groups", "members"})
_CONTAINED: Final = frozenset({Operator.EQ, Operator.CO, Operator.SW, Operator.EW})


def candidates(found: Filter, columns: Mapping[str, Column]) -> Candidates:
    """The rows that a filter may mean. `columns` go by path in lower case, as `path_key` writes it."""
    match found:
        case Comparison():
            return _compare(found, columns)
        case Present():
            column = columns.get(path_key(found.path))
            return ANY_ROW if column is None else column.present()
        case ValuePath():
            return _value_path(found.path, columns)
        case And():
            return _all_of([candidates(each, columns) for each in found.operands])
        case Or():
            return _any_of([candidates(each, columns) for each in found.operands])
        case Not():
            return _none_of(candidates(found.operand, columns))


def path_key(path: AttributePath) -> str:
    """The name of an attribute in a table of columns; empty for a path with a filter inside."""
    if path.filter is not None:
        return ""
    return (path.parent + (f".{path.sub_attribute}" if path.sub_attribute else "")).lower()


def attributes_of(found: Filter) -> frozenset[str]:
    """The names of the top-level attributes that a filter reads, in lower case."""
    match found:
        case Comparison() | Present() | ValuePath():
            return frozenset({(found.path.attribute if not found.path.schema else found.path.schema).lower()})
        case And() | Or():
            return frozenset().union(*(attributes_of(each) for each in found.operands))
        case Not():
            return attributes_of(found.operand)


def complete(found: Filter) -> Filter:
    """Entra asks for `manager` without its schema (`id eq "x" and manager eq "y"`): say what it means."""
    match found:
        case Comparison(path=AttributePath(schema="", filter=None)) if (
            found.path.attribute.lower() == "manager"
        ):
            return Comparison(
                AttributePath(ENTERPRISE_SCHEMA, "manager", None, "value"), found.operator, found.value
            )
        case And():
            return And(tuple(complete(each) for each in found.operands))
        case Or():
            return Or(tuple(complete(each) for each in found.operands))
        case Not():
            return Not(complete(found.operand))
        case _:
            return found


def _compare(found: Comparison, columns: Mapping[str, Column]) -> Candidates:
    if found.operator is Operator.NE:
        return _none_of(_compare(Comparison(found.path, Operator.EQ, found.value), columns))
    column = columns.get(path_key(found.path))
    if column is None:
        return _in_document(found.path, found.operator, found.value)
    if found.value is None:
        return _none_of(column.present())
    return column.compare(found.operator, found.value)


def _in_document(path: AttributePath, operator: Operator, value: Literal) -> Candidates:
    """A text that an attribute holds is in the stored document, too."""
    made = path.filter is not None or path.attribute.lower() in _MADE
    if made or operator not in _CONTAINED or not isinstance(value, str):
        return ANY_ROW
    return holding(DOCUMENT_TEXT, value)


def _value_path(path: AttributePath, columns: Mapping[str, Column]) -> Candidates:
    """`emails[type eq "work" and value eq "x"]`: some element has it all, so the row has each part."""
    if path.filter is None:
        return ANY_ROW
    inner = _within(path, path.filter, columns)
    single = isinstance(path.filter, Comparison)
    return inner if single else Candidates(condition=inner.condition, exact=False)


def _within(outer: AttributePath, found: Filter, columns: Mapping[str, Column]) -> Candidates:
    match found:
        case Comparison():
            path = AttributePath(outer.schema, outer.attribute, None, found.path.attribute)
            return _compare(Comparison(path, found.operator, found.value), columns)
        case And():
            return _all_of([_within(outer, each, columns) for each in found.operands])
        case Or():
            return _any_of([_within(outer, each, columns) for each in found.operands])
        case _:
            return ANY_ROW


def _all_of(parts: list[Candidates]) -> Candidates:
    condition: Q | None = None
    for part in parts:
        if part.condition is not None:
            condition = part.condition if condition is None else condition & part.condition
    return Candidates(condition=condition, exact=all(part.exact for part in parts))


def _any_of(parts: list[Candidates]) -> Candidates:
    exact = all(part.exact for part in parts)
    condition: Q | None = None
    for part in parts:
        if part.condition is None:
            return Candidates(condition=None, exact=exact)
        condition = part.condition if condition is None else condition | part.condition
    return Candidates(condition=condition, exact=exact)


def _none_of(part: Candidates) -> Candidates:
    """The opposite of a superset is no superset: only an exact condition can be turned round."""
    if not part.exact:
        return ANY_ROW
    if part.condition is None:
        return NO_ROW
    return Candidates(condition=~part.condition, exact=True)
