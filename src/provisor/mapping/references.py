"""What an expression refers to: are there such attributes, and which part of the user does it read?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provisor.mapping.paths import described, find_attribute, read_path, spelled
from provisor.mapping.problems import did_you_mean
from provisor.mapping.source import alternatives
from provisor.mapping.tokens import Token, closing, is_sign, tokens
from provisor.mapping.vocabulary import Attribute, Type, UnknownAttribute, Vocabulary
from provisor.scim.path import PathError

#: How many times as long as its source a text may become; see `growth`.
GREATEST_GROWTH: Final = 64
_MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Misreference:
    """A reference to something that is not there. `position` counts characters from 0."""

    position: int
    reason: str
    hint: str


def growth(expression: str) -> int:
    """How many times a text can be repeated: the product of what each `map` and each `replace` can do.

    `["x"].map(a, a + a).map(b, b + b)` doubles twice. CEL's budget counts steps, not bytes, and some thirty
    doublings would fill the memory of any computer.
    """
    words = tokens(expression)
    product = 1
    for index, word in enumerate(words):
        if word.kind == "name" and is_sign(words, index + 1, "("):
            inside = words[index + 2 : closing(words, index + 1)]
            if word.text == "map":
                product *= max(1, sum(each.kind == "sign" and each.text in "+," for each in inside))
            elif word.text == "replace":
                product *= _growth_by_replacing(inside)
    return product


def _growth_by_replacing(arguments: tuple[Token, ...]) -> int:
    """By how much `replace(old, new)` can lengthen a text; the utmost, when that is not written out."""
    if len(arguments) < 3 or arguments[0].kind != "string" or arguments[2].kind != "string":  # noqa: PLR2004 - old, new
        return GREATEST_GROWTH
    if len(arguments) > 3 and not is_sign(arguments, 3, ","):  # noqa: PLR2004 - `new` is longer than one word
        return GREATEST_GROWTH
    old, new = len(arguments[0].text), len(arguments[2].text)
    return max(1, -(-new // old)) if old else new + 1


def roots(expression: str, variable: str) -> frozenset[str] | None:
    """The top-level attributes that an expression reads of `variable`; None when it can read them all."""
    words = tokens(expression)
    found = set()
    for index in _uses(words, variable):
        field = _field(words, index + 1)
        if field is None:
            return None
        found.add(field[0].text)
    return frozenset(found)


def misreferences(expression: str, vocabulary: Vocabulary) -> Iterator[Misreference]:
    """Find references to attributes that do not exist, as far as they are written out."""
    words = tokens(expression)
    for index in _uses(words, vocabulary.kind):
        yield from _broken_chain(words, index, vocabulary)
    for index in _uses(words, "application"):
        field = _field(words, index + 1)
        if field is not None and field[0].text != "name":
            reason = f'An application has no "{field[0].text}" here.'
            yield Misreference(position=field[0].position, reason=reason, hint='Write "application.name".')
    for index in _uses(words, "text"):
        yield from _misread_text(words, index, vocabulary)


def texts(expression: str) -> frozenset[str]:
    """The paths that an expression reads by `text["..."]`."""
    words = tokens(expression)
    fields = (_field(words, index + 1) for index in _uses(words, "text"))
    return frozenset(field[0].text for field in fields if field is not None)


def _uses(words: tuple[Token, ...], variable: str) -> list[int]:
    """The places where `variable` itself is meant, and not a field of that name."""
    return [
        index
        for index, word in enumerate(words)
        if word.kind == "name" and word.text == variable and not _is_field(words, index)
    ]


def _is_field(words: tuple[Token, ...], index: int) -> bool:
    if not is_sign(words, index - 1, "."):
        return False
    before = words[index - 2] if index > 1 else None
    return before is not None and (before.kind in {"name", "string"} or before.text in {")", "]", "}"})


def _field(words: tuple[Token, ...], index: int) -> tuple[Token, int] | None:
    """The name in `.name` or `["name"]` at `index`, and where it ends; None for a call or anything else."""
    if is_sign(words, index, ".") and index + 1 < len(words) and words[index + 1].kind == "name":
        return None if is_sign(words, index + 2, "(") else (words[index + 1], index + 2)
    if is_sign(words, index, "[") and index + 1 < len(words) and words[index + 1].kind == "string":
        return (words[index + 1], index + 3) if is_sign(words, index + 2, "]") else None
    return None


def _broken_chain(words: tuple[Token, ...], use: int, vocabulary: Vocabulary) -> Iterator[Misreference]:
    try:
        _check_chain(words, use + 1, vocabulary)
    except UnknownAttribute as unknown:
        yield Misreference(position=words[use].position, reason=unknown.reason, hint=unknown.hint)


def _check_chain(words: tuple[Token, ...], index: int, vocabulary: Vocabulary) -> None:
    """Follow `.name.givenName` from the variable on; raises `UnknownAttribute`."""
    first = _field(words, index)
    if first is None:
        return
    token, index = first
    schema = ""
    if token.text in vocabulary.urns.values():
        following = _field(words, index)
        if following is None:
            return
        schema, (token, index) = token.text, following
    attribute = vocabulary.attribute(schema, token.text)
    _check_spelling(token.text, attribute)
    if attribute.parts:
        _check_parts(words, index, attribute, vocabulary)


def _check_parts(words: tuple[Token, ...], index: int, attribute: Attribute, vocabulary: Vocabulary) -> None:
    if attribute.multi_valued:
        index = _check_macro(words, index, attribute, vocabulary)
        if not is_sign(words, index, "["):
            _refuse_part_of_list(words, index, attribute)
            return
        index = closing(words, index) + 1
    _check_part(words, index, attribute, vocabulary)


def _check_part(words: tuple[Token, ...], index: int, attribute: Attribute, vocabulary: Vocabulary) -> None:
    part = _field(words, index)
    if part is not None:
        _check_spelling(part[0].text, vocabulary.part(attribute, part[0].text))


def _check_macro(words: tuple[Token, ...], index: int, attribute: Attribute, vocabulary: Vocabulary) -> int:
    """Check the fields of the variable of `.filter(e, ...)`; returns where to go on, past a filter."""
    if not (is_sign(words, index, ".") and index + 3 < len(words) and words[index + 1].text in _MACROS):
        return index
    end = closing(words, index + 2)
    inside = words[: end + 1]
    for use in _uses(inside, words[index + 3].text):
        if use > index + 3:
            _check_part(inside, use + 1, attribute, vocabulary)
    return end + 1 if words[index + 1].text == "filter" else len(words)


def _refuse_part_of_list(words: tuple[Token, ...], index: int, attribute: Attribute) -> None:
    part = _field(words, index)
    if part is None:
        return
    name, field = attribute.name, part[0].text
    raise UnknownAttribute(
        f'"{name}" is a list, so it has no "{field}" of its own.',
        f'Write text["{name}.{field}"], or choose an element: user.{name}[0].{field}.',
    )


def _check_spelling(written: str, attribute: Attribute) -> None:
    if written != attribute.name:
        reason = f'There is no attribute "{written}": expressions tell capital letters from small ones.'
        raise UnknownAttribute(reason, did_you_mean(written, [attribute.name], ""))


def _misread_text(words: tuple[Token, ...], use: int, vocabulary: Vocabulary) -> Iterator[Misreference]:
    position = words[use].position
    field = _field(words, use + 1)
    if field is None:
        reason, hint = '"text" is followed by a path in quotation marks.', 'Write it like text["nickName"].'
        yield Misreference(position=position, reason=reason, hint=hint)
        return
    try:
        for path in alternatives(field[0].text):
            _check_text(path, vocabulary)
    except PathError as error:
        reason = f'"{field[0].text}" is not an attribute path: {error.reason}'
        yield Misreference(position=position, reason=reason, hint='Write it like text["name.givenName"].')
    except UnknownAttribute as unknown:
        yield Misreference(position=position, reason=unknown.reason, hint=unknown.hint)


def _check_text(written: str, vocabulary: Vocabulary) -> None:
    path = read_path(written, vocabulary.kind)
    attribute = find_attribute(path, vocabulary)
    if attribute.multi_valued or attribute.type is Type.COMPLEX:
        reason = f'"{written}" is {described(attribute)}, and text["..."] reads a text.'
        raise UnknownAttribute(reason, "Name one of its values, for example name.givenName or emails.value.")
    if str(spelled(path, vocabulary)) != str(path):
        reason = f'There is no attribute "{written}": expressions tell capital letters from small ones.'
        raise UnknownAttribute(reason, f'Did you mean "{spelled(path, vocabulary)}"?')
