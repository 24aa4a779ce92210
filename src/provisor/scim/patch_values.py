"""Values of PATCH operations: brought into the shape of their attribute, appended, taken out."""

from collections.abc import Iterable
from typing import Any

from provisor.scim.errors import ScimError
from provisor.scim.known_attributes import BOOLEAN, SIMPLE, as_boolean
from provisor.scim.path import MISSING, AttributePath
from provisor.scim.resource import copied, same_value
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from provisor.scim.syntax import member


def normal(path: AttributePath, value: Any) -> Any:
    """The value in the shape of the attribute. ScimError 400 invalidValue when it has no such shape.

    Entra wraps single values in lists of {"value": ...}, gives a manager as a string or in a list, and
    writes booleans as strings; an empty manager means none.
    """
    if value is MISSING:
        raise ScimError(400, "invalidValue", f'The operation on "{path}" has no value.')
    leaf = (path.sub_attribute or path.attribute).lower()
    if path.schema == ENTERPRISE_SCHEMA and path.attribute.lower() == "manager" and not path.sub_attribute:
        return _manager(value)
    if not path.sub_attribute and leaf in SIMPLE:
        value = _unwrapped(value)
    return copied(value) if path.schema else _with_booleans(value, leaf)


def _manager(value: Any) -> Any:
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if value is None or value in ("", []):
        return None
    if isinstance(value, str):
        return {"value": value}
    if not isinstance(value, dict):
        raise ScimError(400, "invalidValue", "A manager is given as its id, or as an object with a value.")
    return copied(value) if member(value, "value") not in (MISSING, None, "") else None


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        inner = member(value[0], "value")
        return value if inner is MISSING else inner
    return value


def _with_booleans(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_booleans(each, key.lower()) for key, each in value.items()}
    if isinstance(value, list):
        elements = [_with_booleans(each, "") for each in value]
        for each in elements:
            drop_nulls(each)
        return elements
    if name not in BOOLEAN or value is None:
        return value
    known = as_boolean(value)
    if known is None:
        raise ScimError(400, "invalidValue", f'"{name}" is true or false, not "{value}".')
    return known


def drop_nulls(element: Any) -> None:
    """Null is how a client spells that there is no such sub-attribute (RFC 7643, 2.5)."""
    if isinstance(element, dict):
        for key in [key for key, value in element.items() if value is None]:
            del element[key]


def appended(path: AttributePath, current: Any, added: Any) -> list[Any]:
    """The elements with the added ones after them; those that are there already stay as they are.

    Members are the same when their value is; other elements when value and type are, and take on what is new.
    """
    elements = list(current) if isinstance(current, list) else [] if current in (MISSING, None) else [current]
    names = ("value",) if path.attribute.lower() in {"members", "groups"} else ("value", "type")
    present = {_identity(each, names): each for each in reversed(elements)}
    for each in added if isinstance(added, list) else [added]:
        known = present.get(_identity(each, names))
        if known is None:
            elements.append(each)
            present[_identity(each, names)] = each
        elif isinstance(known, dict) and isinstance(each, dict):
            known.update(each)
    return elements


def _identity(element: Any, names: Iterable[str]) -> tuple[Any, ...]:
    """Elements without a value (addresses) are the same only as a whole."""
    if not isinstance(element, dict):
        return ("simple", type(element), repr(element))
    if member(element, "value") is MISSING:
        return ("whole", repr(sorted(element.items(), key=repr)))
    return tuple(repr(member(element, name)) for name in names)


def without(current: list[Any], removed: Any) -> list[Any]:
    """The elements without those that the removed values name: by their value, or as a whole."""
    unwanted = removed if isinstance(removed, list) else [removed]
    values = {repr(_naming(each)) for each in unwanted if _naming(each) is not MISSING}
    wholes = [each for each in unwanted if _naming(each) is MISSING]
    return [
        each
        for each in current
        if repr(_naming(each)) not in values and not any(same_value("", each, whole) for whole in wholes)
    ]


def _naming(element: Any) -> Any:
    return member(element, "value") if isinstance(element, dict) else element


def primary_elements(elements: Any) -> frozenset[int]:
    """The identities of the primary elements, to be compared with after the operation."""
    return frozenset(id(each) for each in _primaries(elements))


def _primaries(elements: Any) -> list[dict[str, Any]]:
    if not isinstance(elements, list):
        return []
    return [each for each in elements if isinstance(each, dict) and each.get("primary") is True]


def keep_one_primary(elements: Any, before: frozenset[int]) -> None:
    """The last element that became primary is the only one (RFC 7644, 3.5.2)."""
    primaries = _primaries(elements)
    newly = [each for each in primaries if id(each) not in before]
    for each in primaries if newly else ():
        if each is not newly[-1]:
            each["primary"] = False
