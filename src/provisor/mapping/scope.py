"""Scope filters: a condition over a user, in the language of the mapping's expressions. Pure: no database, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from provisor.mapping.explanations import ExpressionFailed, ExpressionRefused
from provisor.mapping.expression import Expression, activation, check_expression, compile_expression
from provisor.mapping.vocabulary import Attribute, CustomAttributeSpec, Type, vocabulary

#: What a filter has to give.
_ANSWER: Final = Attribute(name="the filter", type=Type.BOOLEAN)
_TEXT: Final = 'text["..."] belongs to the mapping, and a filter has none.'
_READ_THE_USER: Final = "Read the user itself, for example user.title."
_NO_ANSWER: Final = "The filter gives {value}, and it has to give true or false."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a user is in; None where the filter fails for the user, and `reason` says why."""

    matches: bool | None
    reason: str = ""


class Scope:
    """A compiled filter."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression

    def judge(self, user: Mapping[str, Any]) -> Verdict:
        """Say whether a user of the directory, as its SCIM resource with `id`, is in. Never raises."""
        try:
            value = self._expression.evaluate(activation("user", user, {}, ""))
        except ExpressionFailed as failure:
            return Verdict(None, str(failure))
        if not isinstance(value, bool):
            return Verdict(None, _NO_ANSWER.format(value=_shown(value)))
        return Verdict(value)

    def read_values(self, user: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes that the filter looks at, as the user has them: for the answer to "why not"."""
        roots = self._expression.roots
        return {name: value for name, value in user.items() if roots is None or name in roots}


def check_scope(text: str, custom: Iterable[CustomAttributeSpec]) -> None:
    """Refuse what does not compile, names unknown attributes or gives no answer. Raises `ExpressionRefused`."""
    expression = compile_expression(text, "user")
    if expression.texts:
        raise ExpressionRefused(_TEXT, _READ_THE_USER)
    check_expression(expression, vocabulary("user", custom), _ANSWER)


@lru_cache(maxsize=1024)
def compile_scope(text: str) -> Scope:
    """Compile a filter that was checked. Raises `ExpressionRefused`."""
    return Scope(compile_expression(text, "user"))


def _shown(value: object) -> str:
    return "nothing" if value is None else f"“{str(value)[:100]}”"
