"""The reader of filters and of paths: one pass, no backtracking, bounded in length, nodes and depth."""

import json
import math
import re
from typing import Final, NoReturn

from provisor.scim.schemas import CORE_SCHEMAS, ENTERPRISE_SCHEMA
from provisor.scim.syntax import (
    And,
    AttributePath,
    Comparison,
    Filter,
    FilterError,
    Literal,
    Not,
    Operator,
    Or,
    PathError,
    Present,
    ValuePath,
)

#: Most characters, nodes and nested brackets of one filter. More is a mistake or an attack.
LENGTH_LIMIT: Final = 8192
NODE_LIMIT: Final = 200
DEPTH_LIMIT: Final = 50
#: Most characters of a number: Python refuses to read very long ones, and no attribute holds them.
NUMBER_LIMIT: Final = 64

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r'[^\s\[\]()"]+')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NAME: Final = r"[A-Za-z_$][A-Za-z0-9_$-]*"
_ATTRIBUTE = re.compile(rf"(?:((?:urn|https?):.+):)?({_NAME})(?:\.({_NAME}))?", re.IGNORECASE)
_SUB_ATTRIBUTE = re.compile(rf"\.({_NAME})")
#: A schema of RFC 7643, 10.2.1 ends in a version and a kind; so do vendors' own ("...:2.0:User").
_WHOLE_SCHEMA = re.compile(r"(?:urn|https?):.+:[0-9]+(?:\.[0-9]+)*:(?:User|Group)", re.IGNORECASE)

_OPERATORS: Final = {operator.value: operator for operator in Operator}
_CONSTANTS: Final[dict[str, Literal]] = {"true": True, "false": False, "null": None}
_ORDERINGS: Final = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
_KNOWN_SCHEMAS: Final = {schema.lower(): schema for schema in (*CORE_SCHEMAS, ENTERPRISE_SCHEMA)}


class Reader:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.nodes = 0
        self.depth = 0
        #: Inside square brackets.
        self.square = False
        if len(text) > LENGTH_LIMIT:
            self.fail(f"A filter or path may have {LENGTH_LIMIT} characters, this one has {len(text)}.")

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        raise FilterError(reason, self.at if position is None else position)

    def whole_filter(self) -> Filter:
        found = self.any_of()
        self.skip()
        if self.at < len(self.text):
            self.fail(f'After the filter there is "{self.rest()}", which does not belong to it.')
        return found

    def whole_path(self) -> AttributePath:
        """A path of RFC 7644, figure 7."""
        path = self.path()
        if self.at < len(self.text):
            self.fail(f'After the path there is "{self.rest()}", which does not belong to it.')
        return path

    # Disjunction, conjunction, negation: loosest first.

    def any_of(self) -> Filter:
        operands = [self.all_of()]
        while self.accept("or"):
            operands.append(self.all_of())
        if len(operands) == 1:
            return operands[0]
        self.count()
        return Or(
            tuple(part for each in operands for part in (each.operands if isinstance(each, Or) else (each,)))
        )

    def all_of(self) -> Filter:
        operands = [self.single()]
        while self.accept("and"):
            operands.append(self.single())
        if len(operands) == 1:
            return operands[0]
        self.count()
        return And(
            tuple(part for each in operands for part in (each.operands if isinstance(each, And) else (each,)))
        )

    def single(self) -> Filter:
        self.count()
        self.skip()
        if self.text.startswith("(", self.at):
            return self.enclosed("(", ")")
        start = self.at
        if self.accept("not"):
            self.skip()
            if self.text.startswith("(", self.at):
                return Not(self.enclosed("(", ")"))
            self.at = start
        return self.expression()

    def enclosed(self, opening: str, closing: str) -> Filter:
        start = self.at
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.fail(f"Brackets may be nested {DEPTH_LIMIT} deep.")
        self.at += len(opening)
        inner = self.any_of()
        self.skip()
        if not self.text.startswith(closing, self.at):
            self.fail(f'The bracket "{opening}" is never closed.', start)
        self.at += len(closing)
        self.depth -= 1
        return inner

    # One expression: a path and what is said of it.

    def expression(self) -> Filter:
        path = self.path()
        self.skip()
        word = self.word()
        if word.lower() == "pr":
            return Present(path)
        operator = _OPERATORS.get(word.lower())
        if operator is not None:
            return self.comparison(path, operator)
        if path.filter is not None and not path.sub_attribute:
            # `emails[type eq "work"]` needs no operator; the word belongs to what follows.
            self.at -= len(word)
            return ValuePath(path)
        self.at -= len(word)
        return self.fail(
            f'After "{path}" an operator is due (eq, ne, co, sw, ew, gt, ge, lt, le, pr), not "{word}".'
        )

    def comparison(self, path: AttributePath, operator: Operator) -> Comparison:
        self.skip()
        start = self.at
        value = self.value()
        if operator in _ORDERINGS and (value is None or isinstance(value, bool)):
            self.fail(
                f'"{operator}" needs a value that has an order, not "{self.text[start : self.at]}".', start
            )
        return Comparison(path, operator, value)

    def value(self) -> Literal:
        if self.text.startswith('"', self.at):
            return self.string()
        start = self.at
        word = self.word()
        if word.lower() in _CONSTANTS:
            return _CONSTANTS[word.lower()]
        number = _number(word)
        if number is None:
            self.fail(
                f'"{word}" is no value: write a string in double quotes, a number, true, false or null.',
                start,
            )
        return number

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            self.fail("The string that begins here has no closing double quote.")
        try:
            value: str = json.loads(found[0], strict=False)
        except ValueError:
            self.fail(
                "The string has a backslash that JSON does not know; a backslash itself is written twice."
            )
        self.at = found.end()
        return value

    # Paths.

    def path(self) -> AttributePath:
        start = self.at
        path = self.attribute(start, self.word())
        if not self.text.startswith("[", self.at):
            return path
        if path.sub_attribute or not path.attribute:
            self.fail(f'A filter in brackets follows an attribute, not "{path}".')
        if self.square:
            self.fail("A filter in square brackets cannot hold another.", start)
        self.square = True
        inner = self.enclosed("[", "]")
        self.square = False
        return AttributePath(path.schema, path.attribute, inner, self.sub_attribute())

    def attribute(self, start: int, word: str) -> AttributePath:
        if _WHOLE_SCHEMA.fullmatch(word):
            return AttributePath(_KNOWN_SCHEMAS.get(word.lower(), word), "")
        found = _ATTRIBUTE.fullmatch(word)
        if found is None:
            self.fail(
                f'"{word}" is no attribute: a name of letters, digits, "-" and "_", and at most one ".".',
                start,
            )
        schema = _KNOWN_SCHEMAS.get((found[1] or "").lower(), found[1] or "")
        return AttributePath("" if schema in CORE_SCHEMAS else schema, found[2], None, found[3] or "")

    def sub_attribute(self) -> str:
        found = _SUB_ATTRIBUTE.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[1]

    # Characters.

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def word(self) -> str:
        found = _WORD.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def accept(self, keyword: str) -> bool:
        """Steps over `keyword` if it is the next word."""
        self.skip()
        found = _WORD.match(self.text, self.at)
        if found is None or found[0].lower() != keyword:
            return False
        self.at = found.end()
        return True

    def count(self) -> None:
        self.nodes += 1
        if self.nodes > NODE_LIMIT:
            self.fail(f"A filter may have {NODE_LIMIT} parts.")

    def rest(self) -> str:
        return self.text[self.at : self.at + 40]


def _number(word: str) -> int | float | None:
    if len(word) > NUMBER_LIMIT or not _NUMBER.fullmatch(word):
        return None
    value: int | float = json.loads(word)
    return value if math.isfinite(value) else None


def parse_filter(text: str) -> Filter:
    """Reads a filter of RFC 7644, 3.4.2.2. FilterError when it is none, or beyond a limit."""
    return Reader(text).whole_filter()


def read_path(text: str) -> AttributePath:
    """Reads a path of RFC 7644, 3.5.2. PathError when it is none, or beyond a limit."""
    try:
        return Reader(text).whole_path()
    except FilterError as error:
        raise PathError(error.reason, error.position) from None
