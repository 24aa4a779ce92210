"""What the CEL library says about an expression, in words for the administrator who wrote it."""

import re
from typing import Final

from provisor.mapping.functions import nearest_function
from provisor.mapping.problems import nearest
from provisor.mapping.vocabulary import Kind

_PLACE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_MISSING_KEY: Final = re.compile(r'Key not found in map : "(.*)"', re.DOTALL)
_INDEX: Final = re.compile(r"Index error: index=(-?\d+) size=(\d+)")
_OVERLOAD: Final = re.compile(r"[Nn]o matching overloads? (?:found )?:? ?(?:for )?(.*)", re.DOTALL)
_STATUS: Final = re.compile(r"^[A-Z_]+: ")


class ExpressionRefused(ValueError):  # noqa: N818 - named by what happened
    """An expression that cannot be saved. `reason` names the place and what is wrong, `hint` what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} {hint}".strip())
        self.reason = reason
        self.hint = hint


class ExpressionFailed(Exception):  # noqa: N818 - it failed for one user; the expression itself is sound
    """An expression that gave no value for this source. `reason` is a sentence, `hint` says what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} {hint}".strip())
        self.reason = reason
        self.hint = hint


def failed(message: str) -> ExpressionFailed:
    """Say in plain words what the library says about a value that it did not find."""
    if missing := _MISSING_KEY.search(message):
        name = missing[1]
        return ExpressionFailed(
            f'There is no "{name}" here.',
            'Where it may be missing, ask first with has(...), or read it with text["..."], which is "" then.',
        )
    if index := _INDEX.search(message):
        return ExpressionFailed(
            f"The expression asks for element {index[1]} (counted from 0) of a list of {index[2]}.",
            "Ask first for size(...), or use firstNonEmpty(...).",
        )
    if "budget exceeded" in message:
        return ExpressionFailed(
            "The expression loops more than about 10,000 times.", "Loop over fewer values."
        )
    if overload := _OVERLOAD.search(message):
        return ExpressionFailed(
            f"An operation does not fit the values that it meets: {overload[1]}.",
            "A value is missing or of another type than the expression expects.",
        )
    return ExpressionFailed(f"The expression cannot be computed: {_STATUS.sub('', message)}")


def refused(message: str, kind: Kind) -> ExpressionRefused:
    """Say in plain words what the compiler says, with line and column where it knows them."""
    if "recursion" in message:
        return ExpressionRefused("The expression is nested more than 32 levels deep.", "Split it up.")
    found = _PLACE.search(message)
    if found is None:
        return ExpressionRefused(f"The expression cannot be read: {_STATUS.sub('', message)}")
    line, column, what = int(found[1]), int(found[2]), found[3]
    place = f"Line {line}, column {column}"
    if undeclared := _UNDECLARED.search(what):
        name = undeclared[1]
        hint = _nearest_name(name.partition(".")[0], kind)
        return ExpressionRefused(f'{place}: "{name}" is not known here.', hint)
    if "Syntax error" in what:
        return ExpressionRefused(f"{place}: {_syntax(what)}", "")
    if "no matching overload" in what:
        return ExpressionRefused(
            f"{place}: the operation does not fit the types of its values: {what.partition(' for ')[2]}.",
            "Convert a value first, for example with string(...).",
        )
    return ExpressionRefused(f"{place}: {what.removesuffix(' [INVALID_ARGUMENT]')}.")


def _syntax(what: str) -> str:
    if "'<EOF>'" in what:
        return "the expression ends too early; something is missing here."
    detail = what.removeprefix("Syntax error: ").partition(" expecting {")[0]
    return f"this is not a valid expression ({detail.removesuffix(' [INVALID_ARGUMENT]')})."


def _nearest_name(name: str, kind: Kind) -> str:
    match = nearest(name, [kind, "application", "text"]) or nearest_function(name)
    if match:
        return f'Did you mean "{match}"?'
    return f'Known are "{kind}", "text", "application" and the functions of the library.'


def place_at(text: str, position: int) -> str:
    before = text[:position]
    return f"Line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"
