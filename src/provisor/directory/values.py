"""Checking one value against the data type of its attribute (RFC 7643, section 2.3)."""

import math
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from provisor.directory.attribute_definitions import AttributeDefinition, AttributeType
from provisor.directory.refusal import DirectoryRefusal

_LARGEST_INTEGER = 2**63 - 1
_LONGEST_SHOWN = 60
_BOOLEANS = {"true": True, "false": False}
#: White space that a text of several lines may have (an address as it is printed).
_LINE_WHITE_SPACE = frozenset("\t\n\r")


def checked(value: object, attribute: AttributeDefinition, place: str) -> Any:
    """Return the value in its canonical form. Raises `DirectoryRefusal`, which names the place."""
    return _CHECKS[attribute.type](value, attribute, place)


def shown(value: object) -> str:
    """Return the value for a message: in double quotes, cut, and printable."""
    text = str(value)[: _LONGEST_SHOWN + 1].encode(errors="replace").decode()
    return '"' + (text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…") + '"'


def _text(value: object, attribute: AttributeDefinition, place: str) -> str:
    if not isinstance(value, str):
        _refuse(place, f'"{place}" must be text, and {shown(value)} is {_kind(value)}.')
    if len(value) > attribute.longest:
        _refuse(
            place,
            f'"{place}" may have {attribute.longest:,} characters, and this has {len(value):,}. Shorten it.',
        )
    if not value.isprintable():
        _refuse_unprinted(value, place)
    return value


def _refuse_unprinted(value: str, place: str) -> None:
    for position, character in enumerate(value, start=1):
        category = unicodedata.category(character)
        where = f"(U+{ord(character):04X}) at position {position}"
        if category == "Cc" and character not in _LINE_WHITE_SPACE:
            _refuse(place, f'"{place}" contains a control character {where}. Remove it.')
        if category == "Cs":
            _refuse(
                place,
                f'"{place}" contains half a character {where}: the program that wrote it cut the text in the middle '
                "of a character. Send it again, uncut.",
            )


def _boolean(value: object, _attribute: AttributeDefinition, place: str) -> bool:
    # Microsoft Entra sends "True" and "False" as text, unless a flag in its tenant address is set.
    boolean = _BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(boolean, bool):
        _refuse(place, f'"{place}" must be true or false, and {shown(value)} is {_kind(value)}.')
    return boolean


def _integer(value: object, _attribute: AttributeDefinition, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(place, f'"{place}" must be a whole number, and {shown(value)} is {_kind(value)}.')
    if abs(value) > _LARGEST_INTEGER:
        _refuse(place, f'"{place}" is too large: a whole number may have 64 bits.')
    return value


def _decimal(value: object, attribute: AttributeDefinition, place: str) -> float | int:
    if isinstance(value, int):
        return _integer(value, attribute, place)
    if not isinstance(value, float) or not math.isfinite(value):
        _refuse(place, f'"{place}" must be a number, and {shown(value)} is {_kind(value)}.')
    return value


def _date_time(value: object, attribute: AttributeDefinition, place: str) -> str:
    text = _text(value, attribute, place)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        text = ""
    if "T" not in text:
        _refuse(
            place,
            f'"{place}" must be a date and time such as "2026-11-23T10:00:00Z", and {shown(value)} is not.',
        )
    return text


def _complex(value: object, _attribute: AttributeDefinition, place: str) -> NoReturn:
    _refuse(place, f'"{place}" has attributes inside itself, and {shown(value)} is {_kind(value)}.')


def _refuse(place: str, reason: str) -> NoReturn:
    raise DirectoryRefusal(place, reason)


def _kind(value: object) -> str:
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")


_CHECKS: dict[AttributeType, Callable[[object, AttributeDefinition, str], Any]] = {
    AttributeType.STRING: _text,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.INTEGER: _integer,
    AttributeType.DECIMAL: _decimal,
    AttributeType.DATE_TIME: _date_time,
    AttributeType.REFERENCE: _text,
    AttributeType.BINARY: _text,
    AttributeType.COMPLEX: _complex,
}
