"""What a PATCH says of a group's members, read as ids that come and ids that go, without the members themselves.

Microsoft Entra and Okta send members in several shapes: with and without a path, as one
object or as a list, removed by a filter or by a list of values. All of them end here as one `MemberChanges`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from provisor.scim.errors import ScimError
from provisor.scim.path import PathError, parse_path
from provisor.scim.schemas import GROUP_SCHEMA, PATCH_SCHEMA
from provisor.scim.syntax import AttributePath, Comparison, Filter, Operator, Or, member

_PATHLESS_KEYS: Final = frozenset({"members", f"{GROUP_SCHEMA}:members".lower()})

#: Asks the group which of its members a filter means.
Matching = Callable[[Filter], list[str]]


@dataclass(slots=True, kw_only=True)
class MemberChanges:
    """The sum of all operations, in their order. `cleared`: what was there before is gone; then `added` is all."""

    cleared: bool = False
    added: dict[str, None] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)

    def add(self, ids: list[str]) -> None:
        for each in ids:
            self.added[each] = None
            self.removed.pop(each, None)

    def remove(self, ids: list[str]) -> None:
        for each in ids:
            self.removed[each] = None
            self.added.pop(each, None)

    def clear(self) -> None:
        self.cleared = True
        self.added.clear()
        self.removed.clear()

    def __bool__(self) -> bool:
        return self.cleared or bool(self.added) or bool(self.removed)


def split(body: dict[str, Any], matching: Matching) -> tuple[MemberChanges, dict[str, Any] | None]:
    """Part a PATCH body: the changes of members, and the body with the other operations, or None if there are none.

    What is no list of operations is left for `apply_patch` to refuse. Raises `ScimError` 400.
    """
    _check_schemas(body)
    operations = member(body, "Operations")
    if not isinstance(operations, list) or not operations:
        return MemberChanges(), body
    changes, others = MemberChanges(), []
    for operation in operations:
        rest = _take(operation, changes, matching) if isinstance(operation, dict) else operation
        if rest is not None:
            others.append(rest)
    return changes, _with_operations(body, others) if others else None


def _check_schemas(body: dict[str, Any]) -> None:
    schemas = body.get("schemas")
    if schemas is not None and (not isinstance(schemas, list) or PATCH_SCHEMA not in schemas):
        raise ScimError(400, "invalidSyntax", f'The "schemas" of a PATCH must name "{PATCH_SCHEMA}".')


def _with_operations(body: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    kept = {key: value for key, value in body.items() if key.lower() != "operations"}
    return {**kept, "Operations": operations}


def _take(operation: dict[str, Any], changes: MemberChanges, matching: Matching) -> dict[str, Any] | None:
    """Add what one operation says of members to `changes`; return what it says of anything else."""
    path = operation.get("path")
    if path is None or path == "":
        return _take_pathless(operation, changes)
    found = _members_path(path)
    if found is None:
        return operation
    _apply(_verb(operation), found, operation.get("value"), changes, matching)
    return None


def _take_pathless(operation: dict[str, Any], changes: MemberChanges) -> dict[str, Any] | None:
    value = operation.get("value")
    if not isinstance(value, dict):
        return operation
    others = {key: each for key, each in value.items() if key.lower() not in _PATHLESS_KEYS}
    for key, each in value.items():
        if key.lower() in _PATHLESS_KEYS:
            _apply_plain(_verb(operation), each, changes)
    return operation if others == value else {**operation, "value": others} if others else None


def _members_path(text: object) -> AttributePath | None:
    """The path, if it leads to members; another one, or an unreadable one, is for `apply_patch`."""
    try:
        path = parse_path(text) if isinstance(text, str) else None
    except PathError:
        return None
    return path if path is not None and not path.schema and path.attribute.lower() == "members" else None


def _verb(operation: dict[str, Any]) -> str:
    verb = operation.get("op")
    if not isinstance(verb, str) or verb.lower() not in {"add", "replace", "remove"}:
        shown = str(verb)[:40]
        raise ScimError(
            400, "invalidSyntax", f'The "op" of an operation is add, replace or remove, not "{shown}".'
        )
    return verb.lower()


def _apply(verb: str, path: AttributePath, value: Any, changes: MemberChanges, matching: Matching) -> None:
    if path.sub_attribute or (path.filter is not None and verb != "remove"):
        raise ScimError(
            400,
            "mutability",
            f'"{str(path)[:200]}" cannot be changed: a member is added or removed as a whole (RFC 7643, 8.7.1).',
        )
    if path.filter is None:
        _apply_plain(verb, value, changes)
        return
    ids = _named(path.filter)
    changes.remove(matching(path.filter) if ids is None else ids)


def _apply_plain(verb: str, value: Any, changes: MemberChanges) -> None:
    if verb == "replace" or (verb == "remove" and value is None):
        changes.clear()
    if verb == "remove":
        changes.remove(ids_of(value))
    else:
        changes.add(ids_of(value))


def ids_of(value: Any) -> list[str]:
    """The ids in a value of `members`: a list or a single one, of objects or of bare ids. Raises `ScimError` 400."""
    if value is None:
        return []
    return [_id_of(each) for each in (value if isinstance(value, list) else [value])]


def _id_of(value: Any) -> str:
    found = member(value, "value") if isinstance(value, dict) else value
    if not isinstance(found, str) or not found:
        raise ScimError(
            400,
            "invalidValue",
            'Each of the "members" is an object with the id of a user or group as "value".',
        )
    return found


def _named(found: Filter) -> list[str] | None:
    """The ids that a filter names one by one (`value eq "x" or value eq "y"`), or None for any other filter."""
    if isinstance(found, Or):
        each = [_named(operand) for operand in found.operands]
        return None if None in each else [one for some in each if some is not None for one in some]
    if not isinstance(found, Comparison) or found.operator is not Operator.EQ:
        return None
    named = isinstance(found.value, str) and str(found.path).lower() == "value"
    return [str(found.value)] if named else None
