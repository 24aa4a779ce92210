"""What a filter says of one attribute, as a condition on indexed columns.

A column answers with `Candidates`: rows that may satisfy the comparison. Where the database compares exactly as
RFC 7644, 3.4.2.2 does, they are exact; elsewhere they are a superset that is tested again, row by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Left, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, Lookup

from provisor.directory.names import fold
from provisor.scim.syntax import Literal, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Rows that may satisfy a filter; `condition` None is every row. `exact`: each of them does."""

    condition: Q | None
    exact: bool


#: Nothing is known: every row is a candidate, and none is sure.
ANY_ROW: Final = Candidates(condition=None, exact=False)
EVERY_ROW: Final = Candidates(condition=None, exact=True)
NO_ROW: Final = Candidates(condition=Q(pk__in=[]), exact=True)


def exactly(condition: Q) -> Candidates:
    return Candidates(condition=condition, exact=True)


class Column(Protocol):
    """An attribute that has a column, or a table, of its own. It is never asked for `ne`, the contrary of `eq`."""

    def compare(self, operator: Operator, value: Literal) -> Candidates: ...

    def present(self) -> Candidates: ...


ORDERED: "Final[Mapping[Operator, type[Lookup[Any]]]]" = {
    Operator.GT: GreaterThan,
    Operator.GE: GreaterThanOrEqual,
    Operator.LT: LessThan,
    Operator.LE: LessThanOrEqual,
}


def storable(text: str) -> bool:
    """Whether a database could hold the text at all: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text column compared letter by letter; `folded` when it holds `fold`ed text. Empty stands for none."""

    field: str
    folded: bool = False

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        if not isinstance(value, str):
            return ANY_ROW
        wanted = fold(value) if self.folded else value
        if not wanted:
            return ANY_ROW
        if not storable(wanted):
            return NO_ROW
        # Folding strips white space at the ends, which makes the condition a wider one.
        exact = operator is Operator.EQ or value == value.strip()
        return Candidates(condition=self._condition(operator, wanted), exact=exact)

    def present(self) -> Candidates:
        return exactly(~Q(**{self.field: ""}))

    def _condition(self, operator: Operator, wanted: str) -> Q:
        column, text = F(self.field), Value(wanted, output_field=TextField())
        match operator:
            case Operator.EQ:
                return Q(**{self.field: wanted})
            case Operator.CO:
                return Q(GreaterThan(StrIndex(column, text), 0))
            case Operator.SW:
                return Q(Exact(Left(column, len(wanted)), text))
            case Operator.EW:
                return Q(Exact(Right(column, len(wanted)), text))
            case _:
                return Q(ORDERED[operator](column, text)) & ~Q(**{self.field: ""})


_LETTERS: Final[Mapping[Operator, str]] = {
    Operator.EQ: "iexact",
    Operator.CO: "icontains",
    Operator.SW: "istartswith",
    Operator.EW: "iendswith",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caseless:
    """A text column as it was written, compared without regard to case.

    SQLite knows the case of ASCII letters only: other letters are left to the test of each row.
    """

    field: str

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        lookup = _LETTERS.get(operator)
        if lookup is None or not isinstance(value, str) or not value:
            return ANY_ROW
        if value.isascii() and storable(value):
            return Candidates(condition=Q(**{f"{self.field}__{lookup}": value}), exact=True)
        return holding(self.field, value)

    def present(self) -> Candidates:
        return exactly(~Q(**{self.field: ""}))


#: How many stretches are looked for. SQLite takes expressions of 1,000 terms, a filter has up to 200 parts.
_STRETCHES: Final = 3


def holding(field: str, value: str) -> Candidates:
    """Rows whose text holds the longest stretches of plain letters of `value`: a superset, whatever is escaped."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "\x00" for letter in value)
    condition = Q()
    for stretch in sorted(filter(None, plain.split("\x00")), key=len)[-_STRETCHES:]:
        condition &= Q(**{f"{field}__icontains": stretch})
    return Candidates(condition=condition or None, exact=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A Boolean column."""

    field: str

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        if not isinstance(value, bool) or operator is not Operator.EQ:
            return ANY_ROW
        return exactly(Q(**{self.field: value}))

    def present(self) -> Candidates:
        return EVERY_ROW


_INSTANTS: Final[Mapping[Operator, str]] = {
    Operator.EQ: "",
    Operator.GT: "__gt",
    Operator.GE: "__gte",
    Operator.LT: "__lt",
    Operator.LE: "__lte",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A column of time, compared as instants (RFC 7643, 2.3.5)."""

    field: str

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        lookup = _INSTANTS.get(operator)
        instant = _instant(value)
        if lookup is None or instant is None:
            return ANY_ROW
        return exactly(Q(**{f"{self.field}{lookup}": instant}))

    def present(self) -> Candidates:
        return EVERY_ROW


def _instant(value: Literal) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The id of a row, compared exactly: its own, or that of a row it is tied to."""

    #: The rows that are, or are tied to, the one with this id.
    tied: Callable[[UUID], Q]
    #: The rows that are tied to any; None when that is every row.
    any_tied: Callable[[], Q] | None = None

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        if operator is not Operator.EQ or not isinstance(value, str) or not value:
            return ANY_ROW
        wanted = read_id(value)
        return NO_ROW if wanted is None else exactly(self.tied(wanted))

    def present(self) -> Candidates:
        return EVERY_ROW if self.any_tied is None else exactly(self.any_tied())


def read_id(text: str) -> UUID | None:
    """An id exactly as Provisor writes it (RFC 7643, 3.1: ids are case-exact), or None."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """An attribute that has the same value in every row, compared exactly."""

    value: str

    def compare(self, operator: Operator, value: Literal) -> Candidates:
        if operator is not Operator.EQ:
            return ANY_ROW
        return EVERY_ROW if value == self.value else NO_ROW

    def present(self) -> Candidates:
        return EVERY_ROW
