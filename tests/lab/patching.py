"""PATCH of RFC 7644 3.5.2 on the lab target, with the shapes that Entra and Okta send."""

from typing import Any, NamedTuple

from tests.lab.answers import PATCH, Refusal
from tests.lab.attributes import ENTERPRISE, MULTI_VALUED, Place, canonical, key_in, place
from tests.lab.filters import Filter, parse
from tests.lab.options import LabOptions, PatchApplied
from tests.lab.store import Resource

_VERBS = ("add", "replace", "remove")


class Target(NamedTuple):
    """What the path of an operation names."""

    where: Place
    filter: Filter | None
    path: str


class Operation(NamedTuple):
    """One operation; `target` is None where it had no path."""

    verb: str
    target: Target | None
    value: Any

    @property
    def on_members(self) -> bool:
        return self.target is not None and self.target.where.attribute == "members"


def read_operations(data: Resource, options: LabOptions) -> list[Operation]:
    """The operations of a PATCH body that this dialect applies, path-less ones split by attribute.

    Raises Refusal 400.
    """
    if PATCH not in data.get("schemas", ()):
        raise Refusal(400, f"The schemas of a PATCH must name {PATCH}.", "invalidSyntax")
    raw = data.get(key_in(data, "Operations"))
    if not isinstance(raw, list) or not raw:
        raise Refusal(400, "A PATCH must have Operations.", "invalidSyntax")
    found: list[Operation] = []
    for item in raw:
        found += _applied(_read(item, options), options.patch_applied)
    return found


def _read(item: Any, options: LabOptions) -> list[Operation]:
    verb = str(item.get("op", "")).lower() if isinstance(item, dict) else ""
    if verb not in _VERBS:
        raise Refusal(400, "An operation is one of add, replace and remove.", "invalidSyntax")
    path = item.get("path")
    if path:
        return [Operation(verb, _target(path), item.get("value"))]
    if verb == "remove":
        raise Refusal(400, "A remove operation needs a path.", "noTarget")
    if not isinstance(item.get("value"), dict) or not options.pathless_patch:
        raise Refusal(400, "Attributes must be named in the path.", "invalidPath")
    return [Operation(verb, None, item["value"])]


def _applied(operations: list[Operation], applied: PatchApplied) -> list[Operation]:
    if applied is PatchApplied.NONE:
        return []
    if applied is PatchApplied.PATHS:
        operations = [operation for operation in operations if operation.target]
    elif applied is PatchApplied.PATHLESS:
        operations = [operation for operation in operations if not operation.target]
    return [single for operation in operations for single in _split(operation)]


def _split(operation: Operation) -> list[Operation]:
    if operation.target is not None:
        return [operation]
    singles = []
    for name, value in operation.value.items():
        if canonical(name) in ("schemas", "id", "meta"):
            continue
        if name.casefold().startswith("urn:") and isinstance(value, dict):
            singles += [
                Operation(operation.verb, _target(f"{name}:{sub}"), inner) for sub, inner in value.items()
            ]
        else:
            singles.append(Operation(operation.verb, _target(name), value))
    return singles


def _target(path: Any) -> Target:
    if not isinstance(path, str):
        raise Refusal(400, "A path must be a string.", "invalidPath")
    head, bracket, rest = path.partition("[")
    where = _bare_manager(place(head))
    if where.attribute in ("id", "meta", "schemas") or not where.attribute:
        raise Refusal(400, f'"{path}" cannot be changed.', "mutability")
    if not bracket:
        return Target(where, None, path)
    inner, closing, tail = rest.rpartition("]")
    if not closing or (tail and not tail.startswith(".")):
        raise Refusal(400, f'"{path}" is no path of RFC 7644.', "invalidPath")
    return Target(where._replace(sub=tail[1:]), parse(inner), path)


def _bare_manager(where: Place) -> Place:
    # Entra names the manager without its schema.
    if where.attribute.casefold() == "manager" and not where.schema:
        return where._replace(schema=ENTERPRISE)
    return where


def apply(resource: Resource, operations: list[Operation], options: LabOptions) -> Resource:
    """The resource, a copy of the stored one, with the operations applied (members apart); raises Refusal 400."""
    for operation in operations:
        _apply_one(resource, operation, options)
    return resource


def _apply_one(resource: Resource, operation: Operation, options: LabOptions) -> None:
    assert operation.target is not None
    where = operation.target.where
    holder = resource
    if where.schema:
        holder = resource.setdefault(key_in(resource, where.schema), {})
    key = key_in(holder, where.attribute)
    if operation.target.filter is not None:
        _apply_filtered(holder, key, operation, options)
    elif operation.verb == "remove" or operation.value in (None, ""):
        _remove(holder, key, where.sub)
    elif where.sub:
        _assign_sub(holder, key, where.sub, operation.value)
    else:
        _assign(holder, key, operation)
    if where.schema and not holder:
        del resource[key_in(resource, where.schema)]


def _assign(holder: Resource, key: str, operation: Operation) -> None:
    value, present = operation.value, holder.get(key)
    if key.casefold() in MULTI_VALUED or isinstance(value, list) or isinstance(present, list):
        elements = value if isinstance(value, list) else [value]
        if key.casefold() == "manager":
            holder[key] = elements[0]
            return
        kept = (present or []) if operation.verb == "add" else []
        holder[key] = [*kept, *(element for element in elements if element not in kept)]
        if not holder[key]:
            del holder[key]
    elif isinstance(value, dict) and isinstance(present, dict):
        present.update(value)
    else:
        holder[key] = value


def _assign_sub(holder: Resource, key: str, sub: str, value: Any) -> None:
    present = holder.setdefault(key, [{}] if key.casefold() in MULTI_VALUED else {})
    for element in present if isinstance(present, list) else [present]:
        if not isinstance(element, dict):
            raise Refusal(400, f'"{key}" has no sub-attributes.', "invalidPath")
        element[key_in(element, sub)] = value


def _remove(holder: Resource, key: str, sub: str) -> None:
    present = holder.get(key)
    if not sub:
        holder.pop(key, None)
        return
    for element in present if isinstance(present, list) else [present]:
        if isinstance(element, dict):
            element.pop(key_in(element, sub), None)
    if present == {}:
        del holder[key]


def _apply_filtered(holder: Resource, key: str, operation: Operation, options: LabOptions) -> None:
    assert operation.target is not None
    assert operation.target.filter is not None
    sub, matches = operation.target.where.sub, operation.target.filter.matches
    elements = [element for element in holder.get(key) or [] if isinstance(element, dict)]
    hits = [element for element in elements if matches(element)]
    if operation.verb == "remove":
        _remove_hits(holder, key, hits, sub)
        return
    if not hits:
        hits = [_new_element(holder, key, operation, options)]
    for element in hits:
        if sub:
            element[key_in(element, sub)] = operation.value
        elif isinstance(operation.value, dict):
            element.update(operation.value)
        else:
            raise Refusal(400, "The value for an element must be an object.", "invalidValue")


def _remove_hits(holder: Resource, key: str, hits: list[Resource], sub: str) -> None:
    if sub:
        for element in hits:
            element.pop(key_in(element, sub), None)
        return
    kept = [element for element in holder.get(key) or [] if not any(element is hit for hit in hits)]
    holder.pop(key, None)
    if kept:
        holder[key] = kept


def _new_element(holder: Resource, key: str, operation: Operation, options: LabOptions) -> Resource:
    """An element for a filter that matched none; RFC 7644 3.5.2.3 has 400 noTarget for `replace`."""
    assert operation.target is not None
    assert operation.target.filter is not None
    equality = operation.target.filter.equality
    if equality is None or (operation.verb == "replace" and not options.replace_creates):
        raise Refusal(400, f'"{operation.target.path}" matches nothing.', "noTarget")
    element = {equality.where.attribute: equality.value}
    holder.setdefault(key, []).append(element)
    return element
