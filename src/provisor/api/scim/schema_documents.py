"""/Schemas: what the directory takes, written as RFC 7643, section 7 says, from the directory's own definitions."""

from collections.abc import Iterable
from typing import Any, Final

from provisor.directory.attribute_definitions import AttributeDefinition, AttributeType
from provisor.directory.schema import ResourceSchema, group_schema, user_schema
from provisor.scim.filter import is_case_exact
from provisor.scim.path import parse_path
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
#: Common attributes are in no schema (RFC 7643, 3.1), and a `$ref` is only ever written by us.
_LEFT_OUT: Final = frozenset({"externalId", "$ref"})
_TITLES: Final = {
    USER_SCHEMA: ("User", "A person."),
    GROUP_SCHEMA: ("Group", "A set of users, and of groups inside it."),
    ENTERPRISE_SCHEMA: ("EnterpriseUser", "What an organisation knows of a person."),
}
_DESCRIPTIONS: Final = {
    "userName": "The name that the person is known by in the directory, whatever its letters' case.",
    "displayName": "The name that is shown to people.",
    "name": "The parts of the person's name.",
    "active": "Whether the person may have accounts in applications.",
    "emails": "E-mail addresses. The primary one, else that of type work, is the main one.",
    "groups": "The groups that the person is in, directly or through another group. Changed through the groups.",
    "members": "The users and groups that are directly in the group.",
    "manager": "The person's manager: a user of the directory.",
}
#: Made by Provisor, so the directory has no definition of them.
_MADE: Final = {
    USER_SCHEMA: ("groups", "readOnly", ("Group",)),
    GROUP_SCHEMA: ("members", "readWrite", ("User", "Group")),
}


def all_schemas(base: str) -> list[dict[str, Any]]:
    """Core, enterprise and custom extension schemas, each with its attributes."""
    resource_schemas = (user_schema(), group_schema())
    core = [_core(each, base) for each in resource_schemas]
    extensions = {urn: inner for each in resource_schemas for urn, inner in each.extensions.values()}
    return core + [_document(urn, _listed(inner.values()), base) for urn, inner in extensions.items()]


def _core(schema: ResourceSchema, base: str) -> dict[str, Any]:
    attributes = _listed(schema.core.values())
    for attribute in attributes:
        if attribute["name"] == schema.name_attribute:
            attribute |= {"required": True, "uniqueness": "server"}
    return _document(schema.urn, [*attributes, _made(*_MADE[schema.urn])], base)


def _document(urn: str, attributes: list[dict[str, Any]], base: str) -> dict[str, Any]:
    name, description = _TITLES.get(
        urn, (urn.rsplit(":", maxsplit=1)[-1], "Custom attributes of this directory.")
    )
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
    }


def _listed(definitions: Iterable[AttributeDefinition], within: str = "") -> list[dict[str, Any]]:
    shown = (each for each in definitions if not each.dropped and each.name not in _LEFT_OUT)
    return [_attribute(each, within) for each in shown]


def _attribute(definition: AttributeDefinition, within: str) -> dict[str, Any]:
    path = f"{within}.{definition.name}" if within else definition.name
    shown = _characteristics(definition.name, definition.type.value, path, several=definition.multi_valued)
    if definition.type is AttributeType.COMPLEX:
        shown["subAttributes"] = _listed(definition.parts.values(), path)
    elif definition.type is AttributeType.REFERENCE:
        shown["referenceTypes"] = ["external"]
    return shown


def _made(name: str, mutability: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """`groups` and `members`: ids of other resources, with what Provisor says of them (RFC 7643, 8.7.1)."""
    part = "readOnly" if mutability == "readOnly" else "immutable"
    types = ["direct", "indirect"] if name == "groups" else list(kinds)
    parts = [
        _characteristics(each, "string", f"{name}.{each}", mutability=part) for each in ("value", "display")
    ]
    reference = _characteristics("$ref", "reference", f"{name}.$ref", mutability=part)
    kind = _characteristics("type", "string", f"{name}.type", mutability=part)
    parts += [reference | {"referenceTypes": list(kinds)}, kind | {"canonicalValues": types}]
    return _characteristics(name, "complex", name, several=True, mutability=mutability) | {
        "subAttributes": parts
    }


def _characteristics(
    name: str, kind: str, path: str, *, several: bool = False, mutability: str = "readWrite"
) -> dict[str, Any]:
    """The characteristics of an attribute (RFC 7643, 2.2 and section 7)."""
    shown = {
        "name": name,
        "type": kind,
        "multiValued": several,
        "description": _DESCRIPTIONS.get(path, f'The attribute "{path}" of RFC 7643 or of an extension.'),
        "required": False,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": "none",
    }
    return shown if kind == "complex" else shown | {"caseExact": is_case_exact(parse_path(path))}
