"""Which attributes an answer has: `attributes` and `excludedAttributes` (RFC 7644, 3.9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.scim.errors import ScimError
from provisor.scim.path import PathError, parse_path

#: Given in every answer, whatever is asked for (RFC 7643, 3.1 and 7: "returned": "always").
_ALWAYS: Final = frozenset({"schemas", "id"})
NAMES_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name of the list, in lower case. `text` is the whole of it: an extension's schema may be named, too."""

    text: str
    schema: str
    attribute: str
    sub_attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is asked for. Neither list: everything."""

    only: tuple[Name, ...] = ()
    without: tuple[Name, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not self.only and not self.without

    def wants(self, attribute: str) -> bool:
        """Whether any part of a top-level attribute is to be shown; `attribute` in lower case."""
        if self.only:
            return any(not name.schema and name.attribute == attribute for name in self.only)
        return not any(name.text == attribute for name in self.without)

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        if self.only:
            always = {key: value for key, value in document.items() if key.lower() in _ALWAYS}
            return always | _only(document, self.only)
        return _without(document, self.without, _ALWAYS) if self.without else document


EVERYTHING: Final = Projection()


def read_projection(only: Iterable[str], without: Iterable[str]) -> Projection:
    """Read both lists of names. Raises `ScimError` 400: a name is none, or both lists are given."""
    projection = Projection(only=_names(only), without=_names(without))
    if projection.only and projection.without:
        raise ScimError(
            400,
            "invalidValue",
            '"attributes" and "excludedAttributes" exclude each other (RFC 7644, 3.9). Send one of them.',
        )
    return projection


def _names(texts: Iterable[str]) -> tuple[Name, ...]:
    names = tuple(_name(text.strip()) for text in texts if text.strip())
    if len(names) > NAMES_LIMIT:
        raise ScimError(
            400, "invalidValue", f"At most {NAMES_LIMIT} attributes can be named, not {len(names)}."
        )
    return names


def _name(text: str) -> Name:
    try:
        path = parse_path(text)
    except PathError as error:
        raise ScimError(400, "invalidValue", f'"{text[:100]}" names no attribute. {error.reason}') from None
    if path.filter is not None:
        raise ScimError(
            400, "invalidValue", f'"{text[:100]}" has a filter; only names of attributes go here.'
        )
    return Name(
        text=str(path).lower(),
        schema=path.schema.lower(),
        attribute=path.attribute.lower(),
        sub_attribute=path.sub_attribute.lower(),
    )


def _only(document: Mapping[str, Any], names: tuple[Name, ...]) -> dict[str, Any]:
    shown = {}
    for key, value in document.items():
        part = _part(key.lower(), value, names)
        if part is not None:
            shown[key] = part
    return shown


def _part(key: str, value: Any, names: tuple[Name, ...]) -> Any:
    """What of one attribute is named, or None."""
    if any(name.text == key for name in names):
        return value
    within = tuple(_inside(name) for name in names if name.schema == key)
    if within and isinstance(value, dict):
        return _only(value, within) or None
    parts = frozenset(name.sub_attribute for name in names if not name.schema and name.attribute == key)
    return _parts(value, parts) if parts else None


def _inside(name: Name) -> Name:
    """The same name, as seen from inside its extension."""
    text = f"{name.attribute}.{name.sub_attribute}" if name.sub_attribute else name.attribute
    return Name(text=text, schema="", attribute=name.attribute, sub_attribute=name.sub_attribute)


def _parts(value: Any, parts: frozenset[str]) -> Any:
    if isinstance(value, list):
        found = [_parts(element, parts) for element in value]
        return [element for element in found if element is not None] or None
    if not isinstance(value, dict):
        return None
    return {key: inner for key, inner in value.items() if key.lower() in parts} or None


def _without(
    document: Mapping[str, Any], names: tuple[Name, ...], kept: frozenset[str] = frozenset()
) -> dict[str, Any]:
    shown = {}
    for key, value in document.items():
        lower = key.lower()
        if lower in kept or not any(name.text == lower for name in names):
            shown[key] = value if lower in kept else _rest(lower, value, names)
    return shown


def _rest(key: str, value: Any, names: tuple[Name, ...]) -> Any:
    within = tuple(_inside(name) for name in names if name.schema == key)
    if within and isinstance(value, dict):
        return _without(value, within)
    parts = frozenset(name.sub_attribute for name in names if not name.schema and name.attribute == key)
    return _drop(value, parts) if parts else value


def _drop(value: Any, parts: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_drop(element, parts) for element in value]
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if key.lower() not in parts}


def reading(attributes: Iterable[str]) -> Projection:
    """What makes documents with these top-level attributes, in lower case, and spares the queries of the others."""
    names = [Name(text=each, schema="", attribute=each, sub_attribute="") for each in attributes]
    return Projection(only=tuple(names))
