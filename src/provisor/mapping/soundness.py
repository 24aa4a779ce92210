"""What must hold of one rule beyond its shape: its parts fit together, and its value fits its target."""

from collections.abc import Iterator

import orjson

from provisor.mapping.explanations import ExpressionRefused
from provisor.mapping.expression import check_expression, compile_expression
from provisor.mapping.paths import described, find_attribute, read_path
from provisor.mapping.problems import Problem
from provisor.mapping.shape import OnEmpty, Reference, Rule, RuleKind
from provisor.mapping.source import alternatives, is_empty
from provisor.mapping.target import TargetRefused, accepts, read_target, target_attribute
from provisor.mapping.vocabulary import Attribute, Type, UnknownAttribute, Vocabulary
from provisor.scim.path import PathError

#: The largest constant or default, in bytes of JSON.
_LARGEST_CONSTANT = 65_536


def problems_of(rule: Rule, place: str, words: Vocabulary) -> Iterator[Problem]:
    """Find everything that is wrong with one rule, by itself."""
    yield from _combination(rule, place)
    if not rule.target.strip():
        yield Problem(
            place=f"{place}.target", reason="The rule has no target.", hint="Name the attribute to write."
        )
        return
    try:
        path = read_target(rule.target, words.kind)
    except TargetRefused as refused:
        yield Problem(place=f"{place}.target", reason=refused.reason, hint=refused.hint)
        return
    target = target_attribute(path, words.kind)
    yield from _values(rule, place, target)
    yield from _source(rule, place, words, target)
    yield from _reference(rule, place, target)


def _combination(rule: Rule, place: str) -> Iterator[Problem]:
    """Find keys that contradict each other, so that nobody believes that an ignored one does something."""
    constant = rule.kind is RuleKind.CONSTANT
    if constant and rule.source:
        yield _contradiction(
            f"{place}.source", "A constant has no source.", 'Empty "source", or choose kind "direct".'
        )
    if constant and is_empty(rule.value):
        yield _contradiction(
            f"{place}.value", "A constant needs a value.", "Remove the rule if nothing is to be sent."
        )
    if not constant and rule.value is not None:
        hint = 'Choose kind "constant", or set "value" to null.'
        yield _contradiction(f"{place}.value", f'A rule of kind "{rule.kind}" does not use "value".', hint)
    if not constant and not rule.source.strip():
        yield _contradiction(
            f"{place}.source", "The rule has no source.", "Name the attribute that it reads."
        )
    yield from _default_combination(rule, place)


def _default_combination(rule: Rule, place: str) -> Iterator[Problem]:
    wants_default = rule.on_empty is OnEmpty.DEFAULT
    if wants_default and rule.kind is RuleKind.CONSTANT:
        hint = 'Set "on_empty" to "clear".'
        yield _contradiction(f"{place}.on_empty", "A constant is never empty, so it needs no default.", hint)
    if wants_default and is_empty(rule.default):
        hint = 'Give "default" a value, or set "on_empty" to "clear" or "keep".'
        yield _contradiction(f"{place}.default", '"on_empty" asks for a default, and there is none.', hint)
    if not wants_default and rule.default is not None:
        hint = 'Set "on_empty" to "default", or "default" to null.'
        yield _contradiction(
            f"{place}.default", f'The default is never used: "on_empty" is "{rule.on_empty}".', hint
        )


def _contradiction(place: str, reason: str, hint: str) -> Problem:
    return Problem(place=place, reason=reason, hint=hint)


def _values(rule: Rule, place: str, target: Attribute) -> Iterator[Problem]:
    given = {"value": rule.value, "default": rule.default}
    for key, value in given.items():
        if is_empty(value):
            continue
        if not accepts(target, value):
            reason = f'"{target.name}" needs {described(target)}, and {_shown(value)} is not that.'
            yield Problem(place=f"{place}.{key}", reason=reason, hint=_type_hint(target))
        elif not _is_small_json(value):
            yield Problem(place=f"{place}.{key}", reason="This is not JSON of 64 KiB at most.")


def _shown(value: object) -> str:
    text = f"{value!r}"
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits into a sentence


def _type_hint(target: Attribute) -> str:
    if target.type is Type.BOOLEAN:
        return "Write true or false, without quotation marks."
    return f"Write {described(target)}."


def _is_small_json(value: object) -> bool:
    try:
        return len(orjson.dumps(value)) <= _LARGEST_CONSTANT
    except (TypeError, RecursionError):
        return False


def _source(rule: Rule, place: str, words: Vocabulary, target: Attribute) -> Iterator[Problem]:
    if rule.kind is RuleKind.CONSTANT or not rule.source.strip():
        return
    if rule.kind is RuleKind.EXPRESSION:
        yield from _expression(rule, place, words, target)
        return
    for path in alternatives(rule.source):
        yield from _path(path, place, words, target)


def _expression(rule: Rule, place: str, words: Vocabulary, target: Attribute) -> Iterator[Problem]:
    try:
        check_expression(compile_expression(rule.source, words.kind), words, target)
    except ExpressionRefused as refused:
        yield Problem(place=f"{place}.source", reason=refused.reason, hint=refused.hint)


def _path(text: str, place: str, words: Vocabulary, target: Attribute) -> Iterator[Problem]:
    try:
        attribute = find_attribute(read_path(text, words.kind), words)
    except PathError as error:
        reason = f'"{text}" is not an attribute path: {error.reason} (character {error.position + 1})'
        hint = 'Write it like name.givenName, or choose kind "expression".'
        yield Problem(place=f"{place}.source", reason=reason, hint=hint)
    except UnknownAttribute as unknown:
        yield Problem(place=f"{place}.source", reason=unknown.reason, hint=unknown.hint)
    else:
        if not _fits(attribute, target):
            reason = f'"{text}" is {described(attribute)}, and "{target.name}" needs {described(target)}.'
            yield Problem(
                place=f"{place}.source", reason=reason, hint=_conversion(text, attribute, words.kind)
            )


def _fits(source: Attribute, target: Attribute) -> bool:
    if target.type is Type.ANY:
        return True
    if source.multi_valued != target.multi_valued:
        return False
    return source.type is target.type or (source.type, target.type) == (Type.INTEGER, Type.DECIMAL)


def _conversion(text: str, source: Attribute, kind: str) -> str:
    if source.multi_valued:
        return f'Choose one element, for example {text}[type eq "work"].value.' if source.parts else ""
    if source.type is Type.COMPLEX:
        return f"Choose one of its sub-attributes: {', '.join(source.part_names)}."
    return f'Choose kind "expression" and convert it, for example string({kind}.{source.name}).'


def _reference(rule: Rule, place: str, target: Attribute) -> Iterator[Problem]:
    if rule.reference is not Reference.USER:
        return
    if rule.kind is RuleKind.CONSTANT:
        hint = 'Set "reference" to "", or read the id of a user with kind "direct".'
        yield _contradiction(
            f"{place}.reference", "A constant is no reference to a user of the directory.", hint
        )
    if rule.on_empty is OnEmpty.DEFAULT:
        hint = 'Set "on_empty" to "clear" or "keep".'
        yield _contradiction(
            f"{place}.on_empty", "A reference has no default: it would have to be an id there.", hint
        )
    if target.multi_valued or target.type not in {Type.STRING, Type.ANY}:
        reason = f'A reference is the id of one user, and "{target.name}" needs {described(target)}.'
        yield Problem(place=f"{place}.reference", reason=reason, hint='Set "reference" to "".')
