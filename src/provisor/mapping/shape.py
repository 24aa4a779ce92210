"""The shape of a mapping rule: as a value, and as the JSON that an administrator saves."""

from collections.abc import Iterator
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from provisor.mapping.problems import Problem, did_you_mean


class RuleKind(StrEnum):
    """Where a rule's value comes from."""

    DIRECT = "direct"  # `source` is a path, or several with | between: the first that is not empty
    CONSTANT = "constant"  # `value`, the same for all
    EXPRESSION = "expression"  # `source` is a CEL expression


class Apply(StrEnum):
    """When a rule's value is sent."""

    ALWAYS = "always"  # with every create and update
    CREATE = "create"  # only when the resource is created; later it belongs to the application


class OnEmpty(StrEnum):
    """What happens when there is no value (R4)."""

    CLEAR = "clear"  # the attribute is removed in the application
    KEEP = "keep"  # the application keeps what it has
    DEFAULT = "default"  # `default` is sent instead


class Reference(StrEnum):
    """Whether a value is the id of something else in the directory."""

    NONE = ""  # the value is sent as it is
    USER = "user"  # the value is a user's id, and that user's id in the application is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One attribute of the application's resource and where its value comes from."""

    target: str
    kind: RuleKind = RuleKind.DIRECT
    source: str = ""
    value: Any = None
    default: Any = None
    apply: Apply = Apply.ALWAYS
    on_empty: OnEmpty = OnEmpty.CLEAR
    reference: Reference = Reference.NONE


_KEYS: Final = tuple(each.name for each in fields(Rule))
_CHOICES: Final = {"kind": RuleKind, "apply": Apply, "on_empty": OnEmpty, "reference": Reference}
_TEXTS: Final = ("target", "source")
_DEFAULTS: Final = {each.name: each.default for each in fields(Rule) if each.default is not NO_DEFAULT}


def read_shape(raw: object, place: str) -> Rule | tuple[Problem, ...]:
    """Read one rule from its JSON; omitted keys take the defaults of `Rule`."""
    if not isinstance(raw, dict):
        return (
            Problem(
                place=place,
                reason="A rule is a JSON object.",
                hint='At least {"target": ..., "source": ...}.',
            ),
        )
    values = {**_DEFAULTS, "target": "", **raw}
    problems = (*_unknown_keys(raw, place), *_wrong_texts(values, place), *_wrong_choices(values, place))
    if problems:
        return problems
    choices = {key: choice(values[key]) for key, choice in _CHOICES.items()}
    return Rule(**{**values, **choices})


def _unknown_keys(raw: dict[Any, Any], place: str) -> Iterator[Problem]:
    for key in raw:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS, f"A rule has the keys {', '.join(_KEYS)}.")
            yield Problem(place=f"{place}.{key}", reason=f'A rule has no key "{key}".', hint=hint)


def _wrong_texts(values: dict[str, Any], place: str) -> Iterator[Problem]:
    for key in _TEXTS:
        if not isinstance(values[key], str):
            yield Problem(place=f"{place}.{key}", reason=f'"{key}" must be a text.')
        elif not _is_unicode(values[key]):
            yield Problem(
                place=f"{place}.{key}", reason=f'"{key}" holds half a character (a lone surrogate).'
            )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong_choices(values: dict[str, Any], place: str) -> Iterator[Problem]:
    for key, choice in _CHOICES.items():
        allowed = [str(each) for each in choice]
        if values[key] not in allowed:
            listed = ", ".join(f'"{each}"' for each in allowed)
            reason = f'"{values[key]}" is not a possible "{key}".'
            yield Problem(place=f"{place}.{key}", reason=reason, hint=f"Choose one of {listed}.")
