"""Attribute paths: read, and used to read, assign and erase in a resource (RFC 7644, 3.5.2 and 3.10)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from provisor.scim.filter import matches
from provisor.scim.filter_parse import read_path
from provisor.scim.schemas import CORE_SCHEMAS
from provisor.scim.syntax import (
    MISSING,
    And,
    AttributePath,
    Comparison,
    Filter,
    Missing,
    Operator,
    PathError,
    key_of,
    member,
)

__all__ = [
    "MISSING",
    "AttributePath",
    "Missing",
    "PathError",
    "assign",
    "erase",
    "parse_path",
    "read",
    "selected",
    "selection",
]

#: Longer paths come from nobody's mapping and are not worth remembering.
_CACHED_LENGTH: Final = 256
#: What is left of an element that holds nothing: how it was selected.
_LABELS: Final = frozenset({"type", "primary"})

_cached = lru_cache(maxsize=4096)(read_path)


def parse_path(text: str) -> AttributePath:
    """Reads a path. PathError when it is none. Paths of everyday length are remembered."""
    return _cached(text) if len(text) <= _CACHED_LENGTH else read_path(text)


def _parsed(path: str | AttributePath) -> AttributePath:
    return parse_path(path) if isinstance(path, str) else path


def read(resource: Mapping[str, Any], path: str | AttributePath) -> Any:
    """The value at the path, or `MISSING`.

    Of several elements that a filter selects it is the first; without a filter, the sub-attribute of a
    multi-valued attribute is the list of its values.
    """
    path = _parsed(path)
    holder: Any = _holder(resource, path.schema) if path.schema else resource
    if not path.attribute or not isinstance(holder, Mapping):
        return holder if not path.attribute else MISSING
    value = member(holder, path.attribute)
    if path.filter is not None:
        value = next(iter(_selected(value, path.filter, path.attribute)), MISSING)
    if not path.sub_attribute:
        return value
    if isinstance(value, Mapping):
        return member(value, path.sub_attribute)
    return _gathered(value, path.sub_attribute)


def _holder(resource: Mapping[str, Any], schema: str) -> Any:
    return resource if schema in CORE_SCHEMAS else member(resource, schema)


def _gathered(value: Any, sub_attribute: str) -> Any:
    if not isinstance(value, list):
        return MISSING
    values = [member(element, sub_attribute) for element in value if isinstance(element, Mapping)]
    return [each for each in values if each is not MISSING] or MISSING


def selected(resource: Mapping[str, Any], path: AttributePath) -> list[dict[str, Any]]:
    """The elements that the filter of the path selects, as they are in the resource."""
    assert path.filter is not None
    value = read(resource, AttributePath(path.schema, path.attribute))
    return _selected(value, path.filter, path.attribute)


def _selected(value: Any, chosen: Filter, attribute: str) -> list[dict[str, Any]]:
    elements = value if type(value) is list else [value]
    if type(chosen) is Comparison and chosen.operator is Operator.EQ and type(chosen.value) is str:
        return _equal(elements, chosen, chosen.value, attribute)
    return [each for each in elements if isinstance(each, dict) and matches(chosen, each, attribute)]


def _equal(elements: list[Any], chosen: Comparison, wanted: str, attribute: str) -> list[dict[str, Any]]:
    """`type eq "work"` and `value eq "id"` are everyday, and lists of members are long: most decide at a glance."""
    if chosen.path.sub_attribute or chosen.path.schema:
        return [each for each in elements if isinstance(each, dict) and matches(chosen, each, attribute)]
    name, folded = chosen.path.attribute, wanted.casefold()
    return [
        each
        for each in elements
        if isinstance(each, dict)
        and (
            (value := each.get(name)) == wanted
            or ((type(value) is not str or value.casefold() == folded) and matches(chosen, each, attribute))
        )
    ]


def selection(chosen: Filter) -> tuple[tuple[str, Any], ...] | None:
    """What an element must hold to be selected, when the filter says so by `eq` and `and` alone; else None."""
    operands = chosen.operands if isinstance(chosen, And) else (chosen,)
    pairs: list[tuple[str, Any]] = []
    for each in operands:
        if not (isinstance(each, Comparison) and each.operator is Operator.EQ) or each.path.sub_attribute:
            return None
        pairs.append((each.path.attribute, each.value))
    return tuple(pairs)


def assign(resource: dict[str, Any], path: str | AttributePath, value: Any) -> None:
    """Puts the value at the path and makes what is missing on the way.

    `emails[type eq "work"].value` changes every work address, or adds one. PathError when the filter selects
    nothing and does not say what a new element would be.
    """
    path = _parsed(path)
    holder = _made(resource, path.schema) if path.schema and path.schema not in CORE_SCHEMAS else resource
    if not path.attribute:
        holder.update(value)
        return
    key = key_of(holder, path.attribute) or path.attribute
    if path.filter is not None:
        _assign_selected(holder, key, path, value)
    elif not path.sub_attribute:
        holder[key] = value
    elif isinstance(holder.get(key), list) and holder[key]:
        _assign_each(holder[key], path.sub_attribute, value)
    else:
        _put(_made(holder, key), path.sub_attribute, value)


def _made(resource: dict[str, Any], name: str) -> dict[str, Any]:
    key = key_of(resource, name) or name
    inner = resource.get(key)
    if not isinstance(inner, dict):
        inner = resource[key] = {}
    return inner


def _put(element: dict[str, Any], name: str, value: Any) -> None:
    element[key_of(element, name) or name] = value


def _assign_each(elements: list[Any], sub_attribute: str, value: Any) -> None:
    for element in elements:
        if isinstance(element, dict):
            _put(element, sub_attribute, value)


def _assign_selected(holder: dict[str, Any], key: str, path: AttributePath, value: Any) -> None:
    assert path.filter is not None
    elements = holder.get(key)
    if not isinstance(elements, list):
        elements = holder[key] = [elements] if isinstance(elements, dict) else []
    chosen = _selected(elements, path.filter, path.attribute) or [_new_element(elements, path)]
    for element in chosen:
        if path.sub_attribute:
            _put(element, path.sub_attribute, value)
        elif isinstance(value, Mapping):
            element.update(value)
        else:
            _put(element, "value", value)


def _new_element(elements: list[Any], path: AttributePath) -> dict[str, Any]:
    pairs = selection(path.filter) if path.filter is not None else None
    if pairs is None:
        raise PathError(f'No element fulfils "{path}", and its filter does not say what a new one would be.')
    element = dict(pairs)
    elements.append(element)
    return element


def erase(resource: dict[str, Any], path: str | AttributePath) -> bool:
    """Removes what is at the path; whether there was something.

    What is left without content goes too: an empty complex value, an element of nothing but labels.
    """
    path = _parsed(path)
    if path.schema in CORE_SCHEMAS:
        return False
    holder_key = key_of(resource, path.schema) if path.schema else None
    holder = resource if not path.schema else resource.get(holder_key or path.schema)
    if not path.attribute and holder_key:
        del resource[holder_key]
        return True
    if not isinstance(holder, dict) or not path.attribute:
        return False
    erased = _erase_in(holder, path)
    if holder_key and not holder:
        del resource[holder_key]
    return erased


def _erase_in(holder: dict[str, Any], path: AttributePath) -> bool:
    key = key_of(holder, path.attribute)
    if key is None:
        return False
    if path.filter is None and not path.sub_attribute:
        del holder[key]
        return True
    value = holder[key]
    chosen = _selected(value, path.filter, path.attribute) if path.filter is not None else _elements(value)
    erased = _erase_elements(value, chosen) if not path.sub_attribute else _erase_sub(value, chosen, path)
    if isinstance(value, list | dict) and not value:
        del holder[key]
    return erased


def _elements(value: Any) -> list[dict[str, Any]]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _erase_elements(value: Any, chosen: list[dict[str, Any]]) -> bool:
    identities = {id(each) for each in chosen}
    if isinstance(value, list):
        value[:] = [each for each in value if id(each) not in identities]
    elif chosen:
        value.clear()
    return bool(chosen)


def _erase_sub(value: Any, chosen: list[dict[str, Any]], path: AttributePath) -> bool:
    keys = [key_of(element, path.sub_attribute) for element in chosen]
    for element, key in zip(chosen, keys, strict=True):
        if key is not None:
            del element[key]
    if isinstance(value, list):
        _erase_elements(value, [each for each in chosen if not (each.keys() - _LABELS)])
    return any(key is not None for key in keys)
