"""PATCH bodies of clients, applied to a resource of ours (RFC 7644, 3.5.2), with the shapes of Entra and Okta."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from provisor.scim import patch_values as values
from provisor.scim.errors import ScimError
from provisor.scim.known_attributes import MULTI_VALUED, READ_ONLY
from provisor.scim.path import (
    MISSING,
    AttributePath,
    PathError,
    assign,
    erase,
    parse_path,
    read,
    selected,
    selection,
)
from provisor.scim.resource import copied, same_value, schemas_of
from provisor.scim.schemas import CORE_SCHEMAS, ENTERPRISE_SCHEMA, PATCH_SCHEMA
from provisor.scim.syntax import key_of, member

_Resource = dict[str, Any]
_Verb = Callable[[_Resource, AttributePath, Any], None]


def apply_patch(resource: _Resource, body: _Resource, *, kind: str) -> _Resource:
    """A new resource with the operations applied, all or none; `resource` stays as it is.

    Beyond the RFC it takes what Entra and Okta send: capitalised verbs, no path, dotted keys, booleans as
    strings, single values in lists, a bare `manager`. `remove` with a value removes these values only.
    Raises ScimError 400: invalidSyntax, invalidPath, noTarget, invalidValue, mutability.
    """
    changed: _Resource = copied(resource)
    for operation in _operations(body):
        for verb, path, value in _steps(changed, operation, kind):
            _step(changed, verb, path, value, kind)
    changed["schemas"] = schemas_of(kind, changed)
    return changed


def _refusal(scim_type: str, detail: str) -> ScimError:
    return ScimError(400, scim_type, detail)


def _operations(body: Any) -> list[_Resource]:
    if not isinstance(body, dict):
        raise _refusal("invalidSyntax", "The body of a PATCH is a JSON object.")
    schemas = body.get("schemas")
    if schemas is not None and (not isinstance(schemas, list) or PATCH_SCHEMA not in schemas):
        raise _refusal("invalidSyntax", f'The schemas of a PATCH hold "{PATCH_SCHEMA}".')
    operations = member(body, "Operations")
    if not isinstance(operations, list) or not operations:
        raise _refusal("invalidSyntax", "A PATCH has a list of Operations with at least one in it.")
    if not all(isinstance(each, dict) for each in operations):
        raise _refusal("invalidSyntax", "Each of the Operations is a JSON object.")
    return operations


def _steps(
    resource: _Resource, operation: _Resource, kind: str
) -> Iterator[tuple[_Verb, AttributePath, Any]]:
    """One operation as verbs on single paths: without a path, its value names them."""
    name = member(operation, "op")
    verb = _VERBS.get(name.lower()) if isinstance(name, str) else None
    if verb is None:
        raise _refusal("invalidSyntax", f'The "op" of an operation is add, replace or remove, not "{name}".')
    text, value = member(operation, "path"), member(operation, "value")
    if text in (MISSING, None, ""):
        yield from _steps_without_path(resource, verb, value, kind)
        return
    if not isinstance(text, str):
        raise _refusal("invalidPath", "A path is a string.")
    path = _path(resource, text, value, kind)
    if path.schema in CORE_SCHEMAS and verb is _remove:
        raise _refusal("mutability", "A resource is removed by DELETE, not by PATCH.")
    if path.attribute == "" and verb is not _remove:
        yield from _steps_in_schema(path.schema, verb, value)
        return
    yield verb, path, value


def _steps_without_path(
    resource: _Resource, verb: _Verb, value: Any, kind: str
) -> Iterator[tuple[_Verb, AttributePath, Any]]:
    if verb is _remove:
        raise _refusal("noTarget", "An operation that removes needs a path.")
    if not isinstance(value, dict):
        raise _refusal("invalidValue", "The value of an operation without a path is an object of attributes.")
    for key, each in value.items():
        if key.lower() == "schemas":
            continue  # follows from the attributes
        path = _path(resource, key, each, kind)
        if path.attribute:
            yield verb, path, each
        else:
            yield from _steps_in_schema(path.schema, verb, each)


def _steps_in_schema(schema: str, verb: _Verb, value: Any) -> Iterator[tuple[_Verb, AttributePath, Any]]:
    if value is None:
        yield _remove, AttributePath(schema, ""), MISSING
        return
    if not isinstance(value, dict):
        raise _refusal("invalidValue", f'The value of "{schema}" is an object of its attributes.')
    inner_schema = "" if schema in CORE_SCHEMAS else schema
    for key, each in value.items():
        path = _parsed(key)
        if path.schema:
            raise _refusal("invalidPath", f'"{key}" is no attribute of "{schema}".')
        yield verb, AttributePath(inner_schema, path.attribute, path.filter, path.sub_attribute), each


def _parsed(text: str) -> AttributePath:
    try:
        return parse_path(text)
    except PathError as error:
        raise _refusal("invalidPath", f'The path "{text[:200]}" cannot be read: {error}') from None


def _path(resource: _Resource, text: str, value: Any, kind: str) -> AttributePath:
    """The path, with the two things that the grammar cannot tell: whole extensions, and a bare manager."""
    if ":" in text and _is_extension(resource, text, value):
        return AttributePath(key_of(resource, text) or text, "")
    path = _parsed(text)
    if kind == "user" and not path.schema and path.attribute.lower() == "manager":
        return AttributePath(ENTERPRISE_SCHEMA, "manager", path.filter, path.sub_attribute)
    return path


def _is_extension(resource: _Resource, text: str, value: Any) -> bool:
    if "[" in text or not text.lower().startswith(("urn:", "http:", "https:")):
        return False
    if key_of(resource, text) is not None:
        return True
    try:
        path = parse_path(text)
    except PathError:
        return isinstance(value, dict)
    known = path.schema in ("", ENTERPRISE_SCHEMA) or key_of(resource, path.schema) is not None
    known = known or _is_schema(path.schema)
    return not known and isinstance(value, dict) and not path.sub_attribute


def _is_schema(text: str) -> bool:
    try:
        return not parse_path(text).attribute
    except PathError:
        return False


def _step(resource: _Resource, verb: _Verb, path: AttributePath, value: Any, kind: str) -> None:
    if not path.schema and path.attribute.lower() in READ_ONLY[kind]:
        if verb is _remove or path.filter or not same_value(str(path), read(resource, path), value):
            raise _refusal(
                "mutability", f'"{path}" is decided by the service provider and cannot be changed.'
            )
        return
    _check_shape(resource, path)
    if verb is _remove:
        _remove(resource, path, value)
        return
    whole = AttributePath(path.schema, path.attribute)
    primaries = values.primary_elements(read(resource, whole))
    verb(resource, path, values.normal(path, value))
    values.keep_one_primary(read(resource, whole), primaries)


def _check_shape(resource: _Resource, path: AttributePath) -> None:
    holder = member(resource, path.schema) if path.schema else resource
    if holder is not MISSING and not isinstance(holder, dict):
        raise _refusal("invalidPath", f'"{path.schema}" is no extension of this resource.')
    if not path.attribute or (path.filter is None and not path.sub_attribute):
        return
    current = read(resource, AttributePath(path.schema, path.attribute))
    if current is not MISSING and current is not None and not isinstance(current, list | dict):
        raise _refusal("invalidPath", f'"{path.parent}" has no parts that "{path}" could mean.')


def _add(resource: _Resource, path: AttributePath, value: Any) -> None:
    """RFC 7644, 3.5.2.1: appends to many values, merges into a complex one, sets a single one."""
    if value is None or value == []:
        return
    current = read(resource, path)
    if path.filter is None and not path.sub_attribute and (isinstance(current, list) or _is_many(path)):
        _assign(resource, path, values.appended(path, current, value))
    else:
        _set(resource, path, value, current)


def _replace(resource: _Resource, path: AttributePath, value: Any) -> None:
    """RFC 7644, 3.5.2.3: a filter that selects nothing is an error; what is not there is added."""
    if path.filter is not None:
        _replace_selected(resource, path, value)
        return
    current = read(resource, path)
    if not path.sub_attribute and (isinstance(current, list) or _is_many(path)):
        _assign(resource, path, value if isinstance(value, list) else [value] if value is not None else None)
    else:
        _set(resource, path, value, current)


def _replace_selected(resource: _Resource, path: AttributePath, value: Any) -> None:
    """Whole elements are replaced, but for what selected them."""
    assert path.filter is not None
    element = AttributePath(path.schema, path.attribute, path.filter)
    if read(resource, element) is MISSING:
        raise _refusal("noTarget", f'Nothing fulfils the filter of "{path}".')
    if isinstance(value, dict) and not path.sub_attribute:
        for each in selected(resource, element):
            labels = dict(selection(path.filter) or ())
            each.clear()
            each.update(labels | value)
        return
    _assign(resource, path, value)


def _is_many(path: AttributePath) -> bool:
    return not path.schema and path.attribute.lower() in MULTI_VALUED


def _set(resource: _Resource, path: AttributePath, value: Any, current: Any) -> None:
    """One value, which is merged where it is complex; a manager is replaced, name and all."""
    is_manager = path.schema == ENTERPRISE_SCHEMA and path.attribute.lower() == "manager"
    if isinstance(value, dict) and isinstance(current, dict) and path.filter is None and not is_manager:
        for key, each in value.items():
            current[key_of(current, key) or key] = each
        values.drop_nulls(current)
        return
    if is_manager and path.sub_attribute.lower() == "value" and current != value:
        erase(resource, AttributePath(path.schema, path.attribute))
    _assign(resource, path, value)


def _assign(resource: _Resource, path: AttributePath, value: Any) -> None:
    if value is None or value == []:
        erase(resource, path)
        return
    try:
        assign(resource, path, value)
    except PathError as error:
        raise _refusal("noTarget", error.reason) from None


def _remove(resource: _Resource, path: AttributePath, value: Any) -> None:
    """RFC 7644, 3.5.2.2. What is not there is removed already. With values, only these are removed:
    Entra removes members so, and to take it for the whole list would empty the group.
    """
    current = read(resource, path)
    whole_list = path.filter is None and not path.sub_attribute and isinstance(current, list)
    if whole_list and value is not MISSING and value is not None:
        _assign(resource, path, values.without(current, value))
    else:
        erase(resource, path)


_VERBS: Final[dict[str, _Verb]] = {"add": _add, "replace": _replace, "remove": _remove}
