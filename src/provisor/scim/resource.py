"""Resources: built from values by path, compared by value, copied."""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from provisor.scim.known_attributes import BOOLEAN, as_boolean
from provisor.scim.path import MISSING, AttributePath, assign, parse_path, selection
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, SCHEMA_OF, USER_SCHEMA

__all__ = [
    "ENTERPRISE_SCHEMA",
    "GROUP_SCHEMA",
    "USER_SCHEMA",
    "build",
    "copied",
    "fold",
    "same_key",
    "same_value",
    "schemas_of",
]

_Setter = Callable[[dict[str, Any], Any], None]

#: Matching attributes that people type: their case and their form of the same letter say nothing.
_FOLDED_KEYS: Final = frozenset({"username", "displayname", "emails", "emails.value"})


def build(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a user or a group from values by path, with the `schemas` that it uses.

    PathError when a path is none or cannot be built from nothing. `MISSING` values are left out.
    """
    body: dict[str, Any] = {"schemas": [SCHEMA_OF[kind]]}
    extended = False
    for path, value in values.items():
        if value is MISSING:
            continue
        schema, put = _setter(path)
        extended = extended or schema != ""
        put(body, copied(value) if type(value) in (dict, list) else value)
    if extended:
        body["schemas"] = schemas_of(kind, body)
    return body


def schemas_of(kind: str, body: Mapping[str, Any]) -> list[str]:
    """The core schema and every extension that the body has attributes of (RFC 7643, 3.3)."""
    extensions = sorted(
        key for key, value in body.items() if ":" in key and isinstance(value, dict) and value
    )
    return [SCHEMA_OF[kind], *extensions]


@lru_cache(maxsize=4096)
def _setter(text: str) -> tuple[str, _Setter]:
    path = parse_path(text)
    put = _setter_in_holder(path)
    if not path.schema or not path.attribute:
        return path.schema, put
    schema = path.schema

    def put_in_extension(body: dict[str, Any], value: Any) -> None:
        extension = body.get(schema)
        if extension is None:
            extension = body[schema] = {}
        put(extension, value)

    return schema, put_in_extension


def _setter_in_holder(path: AttributePath) -> _Setter:
    """Puts a value into the core or an extension; the everyday shapes without a search by name."""
    name, sub_attribute = path.attribute, path.sub_attribute
    bare = AttributePath("", name, path.filter, sub_attribute) if name else path
    pairs = dict(selection(path.filter) or ()) if path.filter is not None else {}

    def put_simple(holder: dict[str, Any], value: Any) -> None:
        holder[name] = value

    def put_complex(holder: dict[str, Any], value: Any) -> None:
        inner = holder.get(name)
        if type(inner) is dict:
            inner[sub_attribute] = value
        elif inner is None:
            holder[name] = {sub_attribute: value}
        else:
            assign(holder, bare, value)

    def put_element(holder: dict[str, Any], value: Any) -> None:
        if holder.get(name) is None:
            holder[name] = [{**pairs, sub_attribute: value}]
        else:
            assign(holder, bare, value)

    def put_anywhere(holder: dict[str, Any], value: Any) -> None:
        assign(holder, bare, value)

    if path.filter is not None:
        return put_element if pairs and sub_attribute else put_anywhere
    if not name:
        return put_anywhere
    return put_complex if sub_attribute else put_simple


def copied(value: Any) -> Any:
    """A deep copy of JSON."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


def same_value(path: str, one: Any, other: Any) -> bool:
    """Whether two values of one attribute mean the same.

    The order of keys and of multi-valued attributes says nothing; "True" is true; 1 is 1.0; what is unassigned,
    null or an empty list is the same (RFC 7643, 2.5). Strings must be equal to the letter.
    """
    if type(one) is str and type(other) is str and one == other:
        return True
    if _is_boolean(path):
        return _same(_read_boolean(one), _read_boolean(other))
    return _same(one, other)


@lru_cache(maxsize=1024)
def _is_boolean(path: str) -> bool:
    return path.lower().rpartition(".")[2].rpartition(":")[2] in BOOLEAN


def _read_boolean(value: Any) -> Any:
    known = as_boolean(value)
    return value if known is None else known


def _same(one: Any, other: Any) -> bool:
    if _is_empty(one) or _is_empty(other):
        return _is_empty(one) and _is_empty(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return as_boolean(one) is not None and as_boolean(one) == as_boolean(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return _same_complex(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return _same_elements(one, other)
    return bool(one == other)


def _is_empty(value: Any) -> bool:
    return value is None or value is MISSING or (isinstance(value, dict | list) and not value)


def _same_complex(one: dict[str, Any], other: dict[str, Any]) -> bool:
    left = {key.lower(): value for key, value in one.items() if not _is_empty(value)}
    right = {key.lower(): value for key, value in other.items() if not _is_empty(value)}
    return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())


def _same_elements(one: list[Any], other: list[Any]) -> bool:
    if len(one) != len(other):
        return False
    if all(_same(left, right) for left, right in zip(one, other, strict=True)):
        return True
    return Counter(map(_canonical, one)) == Counter(map(_canonical, other))


def _canonical(value: Any) -> str:
    """Equal text for elements that mean the same, so that lists of any length compare in one go."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key.lower(): _plain(each, key.lower()) for key, each in value.items() if not _is_empty(each)}
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=_canonical)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _read_boolean(value) if name in BOOLEAN else value


def fold(text: str) -> str:
    """The form under which names of people are compared: NFKC, without case and outer white space."""
    if text.isascii():
        return text.lower().strip()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def same_key(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a matching attribute name the same object.

    User names, display names and e-mail addresses compare by `fold`; everything else, `externalId` and `id`
    above all, to the letter: to adopt the wrong account is worse than to ask.
    """
    if not isinstance(one, str) or not isinstance(other, str):
        return type(one) is type(other) and bool(one == other)
    return fold(one) == fold(other) if _is_folded(path) else one == other


@lru_cache(maxsize=1024)
def _is_folded(text: str) -> bool:
    path = parse_path(text)
    dotted = f"{path.attribute}.{path.sub_attribute}" if path.sub_attribute else path.attribute
    return not path.schema and dotted.lower() in _FOLDED_KEYS
