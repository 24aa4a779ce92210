"""Turning what a client sent into a resource that can be stored, or refusing it."""

from typing import Any

from tests.lab.answers import Refusal
from tests.lab.attributes import ENTERPRISE, GROUP, USER, canonical
from tests.lab.store import Resource, without

_READ_ONLY = ("id", "meta", "groups")


def incoming(data: Resource, kind: str, drops: tuple[str, ...]) -> tuple[Resource, list[Resource]]:
    """The body of a POST or PUT as a resource without members, and its members.

    Attribute names get the spelling of RFC 7643; read-only and empty attributes are left out
    (RFC 7643 2.5: null and an empty array mean that there is no value).
    """
    if not data.get("schemas"):
        raise Refusal(400, "The resource has no schemas.", "invalidSyntax")
    resource = {canonical(name): value for name, value in data.items() if value or value in (False, "")}
    for name in _READ_ONLY:
        resource.pop(name, None)
    members = member_elements(resource.pop("members")) if "members" in resource else []
    return check(without(resource, drops) if drops else resource, kind), members


def check(resource: Resource, kind: str) -> Resource:
    """The resource with its booleans read and its shapes checked; raises Refusal 400 invalidValue."""
    required = "userName" if kind == "User" else "displayName"
    name = resource.get(required)
    if not isinstance(name, str) or not name:
        raise _invalid(f"{required} is required and must be a string.")
    if "active" in resource:
        resource["active"] = _boolean(resource["active"])
    _check_shapes(resource)
    _list_schemas(resource, USER if kind == "User" else GROUP)
    return resource


def member_elements(value: Any) -> list[Resource]:
    """A list of member elements from what an operation or a resource carries."""
    elements = value if isinstance(value, list) else [value]
    if not all(isinstance(element, dict) and isinstance(element.get("value"), str) for element in elements):
        raise _invalid("Each member must be an object with a value that is the id of a user or group.")
    return elements


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _invalid(f'active must be a boolean, not "{value}".')
    return value


def _check_shapes(resource: Resource) -> None:
    emails = resource.get("emails", [])
    if not isinstance(emails, list) or not all(isinstance(email, dict) for email in emails):
        raise _invalid("emails must be a list of objects.")
    if not isinstance(resource.get("name", {}), dict):
        raise _invalid("name must be an object.")
    enterprise = resource.get(ENTERPRISE, {})
    if not isinstance(enterprise, dict) or not isinstance(enterprise.get("manager", {}), dict):
        raise _invalid("The manager must be an object with a value.")


def _list_schemas(resource: Resource, core: str) -> None:
    extensions = [name for name in resource if ":" in name]
    resource["schemas"] = [core, *extensions]


def _invalid(detail: str) -> Refusal:
    return Refusal(400, detail, "invalidValue")
