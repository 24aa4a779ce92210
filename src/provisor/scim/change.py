"""One change to one attribute, and what it does to a resource that the application returned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from provisor.scim.known_attributes import READ_ONLY
from provisor.scim.path import MISSING, AttributePath, assign, erase, parse_path, read
from provisor.scim.resource import copied, schemas_of
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA

#: The one attribute whose value goes as a whole: the manager's display name is the application's own.
_MANAGER: Final = f"{ENTERPRISE_SCHEMA}:manager"


@dataclass(frozen=True, slots=True)
class Change:
    """The value that the attribute at `path` shall have; `MISSING` removes it.

    `exists` matters for a path with a filter: whether the element that it selects is there already, because
    any of its sub-attributes was acknowledged (`element_of` tells which belong together). `replace` on an
    element that is not there is an error (RFC 7644, 3.5.2.3); to add one that is there makes two.
    """

    path: str
    value: Any
    exists: bool = True


@lru_cache(maxsize=1024)
def element_of(path: str) -> str:
    """The element that a path is about: `emails[type eq "work"]`, or the manager; else the path itself."""
    parsed = parse_path(path)
    whole = parsed.filter is not None or parsed.parent == _MANAGER
    return parsed.element if whole else str(parsed)


def removed_path(parsed: AttributePath) -> AttributePath:
    """What goes when the value at this path goes: without its value an element or a manager is nothing."""
    is_value = parsed.sub_attribute.lower() == "value"
    if is_value and (parsed.filter is not None or parsed.parent == _MANAGER):
        return AttributePath(parsed.schema, parsed.attribute, parsed.filter)
    return parsed


def may_outlive_its_parts(changes: Iterable[Change]) -> bool:
    """Whether one of these adds an element that has no value of its own, such as an address.

    The removal of its parts leaves it there without any, in some applications: to add it would make two.
    """
    added = [change for change in changes if not change.exists and change.value is not MISSING]
    paths = [parse_path(change.path) for change in added]
    whole = {path.element for path in paths if not path.sub_attribute or removed_path(path) != path}
    return any(path.filter is not None and path.element not in whole for path in paths)


def against(changes: Iterable[Change], held: Mapping[str, Any]) -> tuple[Change, ...]:
    """The same changes to what is there now: an element may have come meanwhile, or gone."""
    return tuple(
        replace(change, exists=read(held, element_of(change.path)) is not MISSING) for change in changes
    )


def overlay(remote: Mapping[str, Any], changes: Iterable[Change], kind: str = "") -> dict[str, Any]:
    """The body of a PUT: the changes laid over what the application returned.

    So attributes that nobody mapped are never erased (rule R5). What only the application decides (id, meta, a
    user's groups) is left out, and so is null, which says nothing in a PUT. Without a `kind`, the schemas of
    `remote` tell it.
    """
    listed = remote.get("schemas")
    known = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    kind = kind or ("group" if GROUP_SCHEMA in known else "user")
    body = {
        key: copied(value)
        for key, value in remote.items()
        if value is not None and key.lower() not in READ_ONLY[kind]
    }
    for change in changes:
        _lay(body, change)
    used = schemas_of(kind, body)
    return {"schemas": [*known, *(each for each in used if each not in known)], **body}


def _lay(body: dict[str, Any], change: Change) -> None:
    path = parse_path(change.path)
    if change.value is MISSING:
        erase(body, removed_path(path))
        return
    if path.parent == _MANAGER:
        erase(body, _MANAGER)
    assign(body, path, copied(change.value))
