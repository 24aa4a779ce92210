"""Constants and defaults between their JSON value and the text of a field; no text is lost on the way."""

import json
from typing import Any

from provisor.mapping.paths import read_path
from provisor.mapping.target import target_attribute
from provisor.mapping.vocabulary import Attribute, Kind, Type
from provisor.scim.path import PathError


def written(value: Any, target: str, kind: Kind) -> str:
    """Return the text that `read_back` reads as this value."""
    if value is None:
        return ""
    if isinstance(value, str) and read_back(value, target, kind) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def read_back(text: str, target: str, kind: Kind) -> Any:
    """Return the value that a text means for its target: a text stays one where the target takes texts.

    What the target cannot hold is returned as it was typed, so that the check of the rule says what it needs.
    """
    attribute = _attribute(target, kind)
    if not text.strip():
        return None
    if attribute.type is Type.STRING and not attribute.multi_valued:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _attribute(target: str, kind: Kind) -> Attribute:
    try:
        return target_attribute(read_path(target, kind), kind)
    except PathError:
        return Attribute(name=target, type=Type.ANY)
