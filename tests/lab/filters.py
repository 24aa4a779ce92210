"""Filters of RFC 7644 3.4.2.2, written apart from Provisor's so that an error there does not cancel out here."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from tests.lab.answers import Refusal
from tests.lab.attributes import Place, place, simple, values_at

Predicate = Callable[[dict[str, Any]], bool]

_TOKEN = re.compile(r'\s*([()\[\]]|"(?:[^"\\]|\\.)*"|[^\s()\[\]"]+)')
_EXACT = ("id", "externalid", "$ref")


class Equality(NamedTuple):
    """What must be equal for a filter to match, which an index can find."""

    where: Place
    value: Any


class Filter(NamedTuple):
    """A parsed filter."""

    matches: Predicate
    equality: Equality | None = None


@lru_cache(maxsize=1024)
def parse(text: str, *, case_exact: bool = False) -> Filter:
    """Parse a filter; raises Refusal 400 invalidFilter."""
    parser = _Parser(text, case_exact=case_exact)
    found = parser.either()
    if parser.tokens:
        raise _refused(text)
    return found


def _refused(text: str) -> Refusal:
    return Refusal(400, f'"{text[:200]}" is no filter of RFC 7644.', "invalidFilter")


class _Parser:
    def __init__(self, text: str, *, case_exact: bool) -> None:
        self._text = text
        self._case_exact = case_exact
        self.tokens = _tokens(text)

    def either(self) -> Filter:
        sides = [self._both()]
        while self._word("or"):
            sides.append(self._both())
        if len(sides) == 1:
            return sides[0]
        return Filter(lambda resource: any(side.matches(resource) for side in sides))

    def _both(self) -> Filter:
        sides = [self._term()]
        while self._word("and"):
            sides.append(self._term())
        if len(sides) == 1:
            return sides[0]
        equality = next((side.equality for side in sides if side.equality), None)
        return Filter(lambda resource: all(side.matches(resource) for side in sides), equality)

    def _term(self) -> Filter:
        negated = self._word("not")
        if self._word("("):
            inner = self.either()
            self._expect(")")
            return Filter(lambda resource: not inner.matches(resource)) if negated else inner
        if negated:
            raise _refused(self._text)
        return self._comparison()

    def _comparison(self) -> Filter:
        where = place(self._next())
        if self._word("["):
            inner = self.either()
            self._expect("]")
            if not (self.tokens and self.tokens[0].startswith(".")):
                return Filter(lambda resource: any(map(inner.matches, _elements(resource, where))))
            sub = Place("", self._next()[1:])
            test = self._test(sub)
            return Filter(
                lambda resource: any(
                    inner.matches(element) and any(map(test, values_at(element, sub)))
                    for element in _elements(resource, where)
                )
            )
        at_equality = len(self.tokens) > 1 and self.tokens[0].lower() == "eq"
        equality = Equality(where, self._literal(self.tokens[1])) if at_equality else None
        test = self._test(where)
        return Filter(lambda resource: any(map(test, values_at(resource, where))), equality)

    def _test(self, where: Place) -> Callable[[Any], bool]:
        operator = self._next().lower()
        if operator == "pr":
            return lambda found: found not in (None, "", [], {})
        exact = self._case_exact or (where.sub or where.attribute).casefold() in _EXACT
        wanted = _comparable(self._literal(self._next()), exact=exact)
        compare = _OPERATORS.get(operator)
        if compare is None:
            raise _refused(self._text)
        return lambda found: _safely(compare, _comparable(simple(found), exact=exact), wanted)

    def _literal(self, token: str) -> Any:
        try:
            return orjson.loads(token)
        except orjson.JSONDecodeError:
            raise _refused(self._text) from None

    def _next(self) -> str:
        if not self.tokens:
            raise _refused(self._text)
        return self.tokens.pop(0)

    def _word(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._word(word):
            raise _refused(self._text)


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refused(text)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _elements(resource: dict[str, Any], where: Place) -> list[dict[str, Any]]:
    return [value for value in values_at(resource, where) if isinstance(value, dict)]


def _comparable(value: Any, *, exact: bool) -> Any:
    return value if exact or not isinstance(value, str) else value.casefold()


def _safely(compare: Callable[[Any, Any], bool], found: Any, wanted: Any) -> bool:
    try:
        return compare(found, wanted)
    except TypeError:
        return False


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, wanted: type(found) is type(wanted) and found == wanted,
    "ne": lambda found, wanted: found != wanted,
    "co": lambda found, wanted: wanted in found,
    "sw": lambda found, wanted: found.startswith(wanted) if isinstance(found, str) else False,
    "ew": lambda found, wanted: found.endswith(wanted) if isinstance(found, str) else False,
    "gt": lambda found, wanted: found > wanted,
    "ge": lambda found, wanted: found >= wanted,
    "lt": lambda found, wanted: found < wanted,
    "le": lambda found, wanted: found <= wanted,
}
