"""PATCH bodies in each dialect (RFC 7644, 3.5.2), and the changes that they carry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provisor.scim.change import Change, element_of, overlay, removed_path
from provisor.scim.dialect import Dialect
from provisor.scim.patch_apply import apply_patch
from provisor.scim.path import MISSING, AttributePath, parse_path, selection
from provisor.scim.schemas import ENTERPRISE_SCHEMA, PATCH_SCHEMA
from provisor.scim.syntax import literal

__all__ = [
    "Change",
    "add_members_body",
    "apply_patch",
    "element_of",
    "member_elements",
    "members_per_removal",
    "overlay",
    "patch_bodies",
    "patch_body",
    "remove_members_body",
]

_Operation = dict[str, Any]
_Pairs = list[tuple[AttributePath, Change]]


def patch_body(
    changes: Iterable[Change],
    dialect: Dialect,
    kind: str,  # noqa: ARG001 - a dialect may come to differ between users and groups
) -> dict[str, Any]:
    """All changes to one resource in one PATCH, whatever the application's limit. ValueError without a change."""
    operations = _operations(changes, dialect)
    if not operations:
        raise ValueError("A PATCH needs at least one change.")
    return _body(operations)


def patch_bodies(
    changes: Iterable[Change],
    dialect: Dialect,
    kind: str,  # noqa: ARG001 - as in `patch_body`
) -> list[dict[str, Any]]:
    """The same in as many PATCHes as the application's limit of operations asks for; none without a change."""
    operations = _operations(changes, dialect)
    size = dialect.patch_operations_max or len(operations)
    return [_body(operations[start : start + size]) for start in range(0, len(operations), size or 1)]


def _body(operations: list[_Operation]) -> dict[str, Any]:
    return {"schemas": [PATCH_SCHEMA], "Operations": operations}


def _operations(changes: Iterable[Change], dialect: Dialect) -> list[_Operation]:
    groups: dict[str, _Pairs] = {}
    for change in changes:
        path = parse_path(change.path)
        groups.setdefault(element_of(change.path), []).append((path, change))
    operations: list[_Operation] = []
    for pairs in groups.values():
        operations.extend(_for_one(pairs))
    operations = _with_additions_joined(operations)
    if dialect.patch_form == "pathless":
        operations = _with_values_joined(operations)
    if dialect.booleans == "string":
        operations = [_with_string_booleans(each) for each in operations]
    return operations


def _for_one(pairs: _Pairs) -> list[_Operation]:
    """The operations for one attribute, or for all that changes in one element."""
    path, change = pairs[0]
    if path.filter is not None:
        return _for_element(pairs)
    if path.attribute == "manager" and path.schema == ENTERPRISE_SCHEMA and path.sub_attribute:
        return _for_manager(pairs)
    if change.value is MISSING:
        return [_removal(path)]
    return [_replacement(path, change.value)]


def _removal(path: AttributePath) -> _Operation:
    return {"op": "remove", "path": str(path)}


def _replacement(path: AttributePath, value: Any) -> _Operation:
    return {"op": "replace", "path": str(path), "value": value}


def _for_manager(pairs: _Pairs) -> list[_Operation]:
    path = AttributePath(pairs[0][0].schema, "manager")
    value = {each.sub_attribute: change.value for each, change in pairs if change.value is not MISSING}
    return [_replacement(path, value)] if value else [_removal(path)]


def _for_element(pairs: _Pairs) -> list[_Operation]:
    values = [(path, change.value) for path, change in pairs if change.value is not MISSING]
    path = pairs[0][0]
    if not any(change.exists for _, change in pairs):
        return [_addition(path, values)] if values else []
    if not values and any(removed_path(each) != each for each, _ in pairs):
        return [_removal(removed_path(AttributePath(path.schema, path.attribute, path.filter)))]
    kept = [_replacement(each, value) for each, value in values]
    return kept + [_removal(each) for each, change in pairs if change.value is MISSING]


def _addition(path: AttributePath, values: Sequence[tuple[AttributePath, Any]]) -> _Operation:
    assert path.filter is not None
    pairs = selection(path.filter)
    if pairs is None:
        # The filter does not say what a new element would be: the application may know.
        return {"op": "add", "path": str(values[0][0]), "value": values[0][1]}
    element = dict(pairs)
    for each, value in values:
        element.update({each.sub_attribute: value} if each.sub_attribute else _as_element(value))
    return {"op": "add", "path": path.parent, "value": [element]}


def _as_element(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"value": value}


def _with_additions_joined(operations: list[_Operation]) -> list[_Operation]:
    """Elements that are added to one attribute go in one operation."""
    joined: list[_Operation] = []
    added: dict[str, _Operation] = {}
    for operation in operations:
        earlier = added.get(operation["path"]) if operation["op"] == "add" else None
        if earlier is not None and isinstance(operation["value"], list):
            earlier["value"].extend(operation["value"])
            continue
        joined.append(operation)
        if operation["op"] == "add" and isinstance(operation["value"], list):
            added[operation["path"]] = operation
    return joined


def _with_values_joined(operations: list[_Operation]) -> list[_Operation]:
    """Replacements without a filter as one operation without a path, with dotted keys, as Okta and Entra send."""
    values = {each["path"]: each["value"] for each in operations if _is_plain_replacement(each)}
    rest = [each for each in operations if not _is_plain_replacement(each)]
    return [{"op": "replace", "value": values}, *rest] if values else rest


def _is_plain_replacement(operation: _Operation) -> bool:
    return operation["op"] == "replace" and "[" not in operation["path"]


def _with_string_booleans(operation: _Operation) -> _Operation:
    if "value" not in operation:
        return operation
    return {**operation, "value": _spelled(operation["value"])}


def _spelled(value: Any) -> Any:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, dict):
        return {key: _spelled(each) for key, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, list) else value


def add_members_body(
    ids: Iterable[str], dialect: Dialect, displays: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Members to add in one PATCH. The caller keeps to `members_per_request`; `displays` is by remote id."""
    members = _members(ids, dialect, displays or {})
    if dialect.member_add_form == "pathless":
        return _body([{"op": "add", "value": {"members": members}}])
    return _body([{"op": "add", "path": "members", "value": members}])


def member_elements(
    ids: Iterable[str], dialect: Dialect, displays: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Members as the application takes them in a body, whatever the verb."""
    return _members(ids, dialect, displays or {})


def _members(ids: Iterable[str], dialect: Dialect, displays: Mapping[str, str]) -> list[dict[str, str]]:
    members = [{"value": each} for each in ids]
    for member in members:
        if dialect.member_type:
            member["type"] = dialect.member_type
        if dialect.member_display:
            member["display"] = displays.get(member["value"], member["value"])
    return members


def remove_members_body(ids: Iterable[str], dialect: Dialect) -> dict[str, Any]:
    """Members to remove in one PATCH: one operation each with a filter, or one with their values.

    The second form empties the group of an application that does not know it, so a profile must ask for it.
    The caller keeps to `members_per_removal`.
    """
    if dialect.member_remove_form == "value":
        return _body([{"op": "remove", "path": "members", "value": [{"value": each} for each in ids]}])
    return _body([{"op": "remove", "path": f"members[value eq {literal(each)}]"} for each in ids])


def members_per_removal(dialect: Dialect) -> int:
    """Most members that one PATCH may remove: in the form with filters each of them is an operation."""
    operations = dialect.patch_operations_max
    if dialect.member_remove_form == "filter" and operations:
        return min(operations, dialect.members_per_request)
    return dialect.members_per_request
