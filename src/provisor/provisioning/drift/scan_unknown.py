"""A resource that no link knows: what of it is shown, and whether it is protected (R9)."""

from collections.abc import Mapping
from typing import Any

from provisor.planning.operation import Kind
from provisor.provisioning.drift.finding_store import Found, shown
from provisor.provisioning.models import Finding
from provisor.provisioning.passes.context import Context
from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import PathError, read

#: E-mail addresses of one resource that are shown and compared.
ADDRESSES = 5
PROTECTED = "It is on the application's list of exclusions, so nothing is ever sent for it."


def describe(context: Context, kind: Kind, resource: Mapping[str, Any]) -> Found:
    """Make a finding of a resource that nobody knows; whose it is, is found out at the end of the list."""
    detail = {
        "active": as_boolean(resource.get("active")),
        "displayName": _text(resource, "displayName"),
        "emails": addresses(resource),
        "matching": {path: _text(resource, path) for path in context.matching[kind]},
    }
    protected = kind == "user" and context.protects and context.excluded(resource)
    return Found(
        what=Finding.What.UNKNOWN,
        kind=kind,
        remote_id=str(resource["id"]),
        name=_text(resource, "userName" if kind == "user" else "displayName"),
        detail=detail,
        match=Finding.Match.PROTECTED if protected else Finding.Match.NONE,
        reason=PROTECTED if protected else "",
    )


def addresses(resource: Mapping[str, Any]) -> list[str]:
    """The e-mail addresses of a resource, capped."""
    emails = resource.get("emails")
    elements = emails if isinstance(emails, list) else []
    values = [each.get("value") for each in elements if isinstance(each, dict)]
    return [str(shown(value)) for value in values if isinstance(value, str) and value][:ADDRESSES]


def _text(resource: Mapping[str, Any], path: str) -> str:
    try:
        value = read(resource, path)
    except PathError:
        return ""
    return str(shown(value)) if type(value) is str else ""
