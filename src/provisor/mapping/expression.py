"""Expressions in CEL (Common Expression Language), compiled when a mapping is saved and run when it renders.

The engine is Google's, through cel-expr-python. It checks syntax, names and overloads when compiling; it ends a
loop after some 10,000 steps and refuses nesting beyond 32; its regular expressions are RE2. A run-time error is
returned as a value of type ERROR, an exceeded budget raises RuntimeError: both become `ExpressionFailed` here.
This module is the only one that knows the library, so that it can be replaced.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import orjson
from cel_expr_python import cel
from cel_expr_python.ext.ext_strings import ExtStrings

from provisor.mapping.explanations import ExpressionFailed, ExpressionRefused, failed, place_at, refused
from provisor.mapping.functions import FUNCTIONS, Function
from provisor.mapping.references import GREATEST_GROWTH, growth, misreferences, roots, texts
from provisor.mapping.vocabulary import Attribute, Kind, Type, Vocabulary

#: The longest expression, in characters.
LONGEST_EXPRESSION: Final = 10_240
#: The largest result, in bytes of UTF-8 (a text) or of JSON (anything else).
LARGEST_RESULT: Final = 65_536

#: A NUL as JSON writes it, not a backslash followed by u0000.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_TYPES: Final = {
    "string": cel.Type.STRING,
    "list(dyn)": cel.Type.List(cel.Type.DYN),
}
#: What the static type of an expression may be for a target of each type. DYN is judged when it renders.
_STATIC: Final = {
    Type.STRING: {"STRING"},
    Type.BOOLEAN: {"BOOL"},
    Type.INTEGER: {"INT", "UINT"},
    Type.DECIMAL: {"INT", "UINT", "DOUBLE"},
    Type.COMPLEX: {"MAP"},
    Type.ANY: {"STRING", "BOOL", "INT", "UINT", "DOUBLE", "LIST", "MAP"},
}
_IN_WORDS: Final = {
    "STRING": "a text",
    "BOOL": "true or false",
    "INT": "a whole number",
    "UINT": "a whole number",
    "DOUBLE": "a number",
    "LIST": "a list",
    "MAP": "an object",
    "NULL": "always nothing",
    "TIMESTAMP": "a point in time",
    "DURATION": "a duration",
    "BYTES": "bytes",
    "TYPE": "the name of a type",
}
_CONVERSIONS: Final = {Type.STRING: "string(...)", Type.BOOLEAN: 'a comparison, such as == "yes"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled expression.

    `roots` are the top-level attributes that it reads, None means all of them; `texts` are its `text["..."]`.
    """

    text: str
    program: Any
    result: str
    roots: frozenset[str] | None
    texts: frozenset[str]

    def evaluate(self, activation: Any) -> Any:
        """Return a value of JSON; raises `ExpressionFailed` and nothing else."""
        try:
            result = self.program.eval(activation)
            if result.type() == cel.Type.STRING:
                return _within_cap(result.plain_value())
            return _plain(result)
        except ExpressionFailed:
            raise
        except Exception as error:
            raise failed(str(error)) from error


@dataclass(frozen=True, slots=True)
class Programs:
    """All expressions of a mapping. `together` is one list of them all, which costs one call and not ten."""

    expressions: tuple[Expression, ...]
    together: Any
    roots: frozenset[str] | None
    texts: frozenset[str]

    def evaluate(self, activation: Any) -> list[Any]:
        """Return one value of JSON, or an `ExpressionFailed`, for each expression. Never raises."""
        with suppress(Exception):  # one of them failed, which each by itself will tell
            values = self.together.eval(activation).plain_value() if self.together else None
            if type(values) is list:
                return [_within_cap(value) for value in values]
        return [_value_or_failure(expression, activation) for expression in self.expressions]


def _value_or_failure(expression: Expression, activation: Any) -> Any:
    try:
        return expression.evaluate(activation)
    except ExpressionFailed as failure:
        return failure


def compile_together(texts: Iterable[str], kind: Kind) -> Programs:
    """Compile the expressions of one mapping. Raises `ExpressionRefused`."""
    expressions = tuple(compile_expression(text, kind) for text in texts)
    together = None
    with suppress(Exception):  # together they may be too long or too deep, which each by itself is not
        together = _environment(kind).compile("[" + "\n,\n".join(each.text for each in expressions) + "\n]")
    read = frozenset[str]().union(*(each.texts for each in expressions))
    return Programs(expressions=expressions, together=together, roots=reads(expressions), texts=read)


def compile_expression(text: str, kind: Kind) -> Expression:
    """Compile an expression over `user` or `group`, and `application`. Raises `ExpressionRefused`."""
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionRefused(
            f"The expression has {len(text):,} characters, and {LONGEST_EXPRESSION:,} are allowed.",
            "Shorten it, or prepare the value in a custom attribute of the directory.",
        )
    if not text.strip():
        raise ExpressionRefused("The expression is empty.", 'Write one, for example "user.userName".')
    return _compile(text, kind)


def check_expression(expression: Expression, vocabulary: Vocabulary, target: Attribute) -> None:
    """Refuse references to attributes that do not exist, and a result that the target cannot hold."""
    for wrong in misreferences(expression.text, vocabulary):
        raise ExpressionRefused(f"{place_at(expression.text, wrong.position)}: {wrong.reason}", wrong.hint)
    allowed = {"LIST"} if target.multi_valued else _STATIC[target.type]
    if expression.result != "DYN" and expression.result not in allowed:
        given = _IN_WORDS.get(expression.result, expression.result)
        needed = "a list" if target.multi_valued else _IN_WORDS[max(_STATIC[target.type])]
        conversion = _CONVERSIONS.get(target.type) if not target.multi_valued else None
        raise ExpressionRefused(
            f'The expression gives {given}, and "{target.name}" needs {needed}.',
            f"Convert it with {conversion}."
            if conversion
            else f"Change the expression so that it gives {needed}.",
        )


def activation(kind: Kind, source: Mapping[str, Any], texts: Mapping[str, str], application_name: str) -> Any:
    """Bind the variables, once for all expressions of one user. Raises `ExpressionFailed`.

    What the library cannot carry is refused here: it would cut a text at U+0000 without a word, and it turns
    every expression into an error for one number that is too large.
    """
    try:
        written = orjson.dumps((source, texts))
    except (TypeError, ValueError, RecursionError) as error:
        raise ExpressionFailed(
            f"The {kind}'s data holds something that expressions cannot read: {error}.", _correct(kind)
        ) from error
    if b"\\u0000" in written and _NUL.search(written):
        raise ExpressionFailed(f"The {kind}'s data holds the character U+0000.", _correct(kind))
    try:
        return _environment(kind).Activation(
            {kind: source, "text": texts, "application": {"name": application_name}}
        )
    except Exception as error:
        raise failed(str(error)) from error


def _correct(kind: Kind) -> str:
    return f"Correct the {kind} in the directory."


@lru_cache(maxsize=4_096)
def _compile(text: str, kind: Kind) -> Expression:
    try:
        program = _environment(kind).compile(text)
    except Exception as error:
        raise refused(str(error), kind) from error
    if growth(text) > GREATEST_GROWTH:
        raise ExpressionRefused(
            "The expression repeats texts by map or replace so often that the result could fill the memory.",
            "Use joined(...) on the list instead of + inside map.",
        )
    result = program.return_type().name().partition("<")[0]
    return Expression(text=text, program=program, result=result, roots=roots(text, kind), texts=texts(text))


@cache
def _environment(kind: Kind) -> Any:
    variables = {
        kind: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
        "text": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
        "application": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    }
    own = [_declaration(each) for each in FUNCTIONS if each.overloads]
    return cel.NewEnv(variables=variables, functions=own, extensions=[ExtStrings(version=0)])


def _declaration(function: Function) -> Any:
    overloads = [
        cel.Overload(
            f"{function.name}({','.join(overload.parameters)})",
            return_type=_TYPES[overload.result],
            parameters=[_TYPES[name] for name in overload.parameters],
            is_member=function.member,
            impl=overload.call,
        )
        for overload in function.overloads
    ]
    return cel.FunctionDecl(function.name, overloads)


def _plain(result: Any) -> Any:
    """Turn a CEL value other than a text into a value of JSON."""
    if result.type() == cel.Type.ERROR:
        raise failed(str(result.plain_value()))
    return _within_cap(result.plain_value())


def _within_cap(value: Any) -> Any:
    if (type(value) is str and len(value) * 4 <= LARGEST_RESULT) or value is None or type(value) is bool:
        return value
    size = len(value.encode()) if type(value) is str else len(_json(value))
    if size > LARGEST_RESULT:
        raise ExpressionFailed(f"The expression gives {size:,} bytes, and {LARGEST_RESULT:,} are allowed.")
    return value


def _json(value: object) -> bytes:
    """Write a value as JSON. What has no JSON form (bytes, times, types, infinity) is refused, not bent."""
    try:
        written = orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError as error:
        reason = "The expression gives something that is no text, number, true, false, list or object."
        raise ExpressionFailed(reason, "Convert it with string(...).") from error
    if _has_no_number(value):
        raise ExpressionFailed("The expression gives a number that is infinite or undefined.")
    return written


def _has_no_number(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_no_number(each) for each in value.values())
    if isinstance(value, list):
        return any(_has_no_number(each) for each in value)
    return isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))  # noqa: PLR0124


def reads(expressions: Iterable[Expression]) -> frozenset[str] | None:
    """The top-level attributes that any of the expressions reads; None means all of them."""
    found: set[str] = set()
    for expression in expressions:
        if expression.roots is None:
            return None
        found |= expression.roots
    return frozenset(found)
