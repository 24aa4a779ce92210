"""Checking a resource against RFC 7643 and the declared custom attributes, and bringing it into one form."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from provisor.directory import names
from provisor.directory.attribute_definitions import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE_USER,
    AttributeDefinition,
    AttributeType,
    by_name,
)
from provisor.directory.models import CustomAttribute
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.values import checked, shown
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

LARGEST_DOCUMENT = 256 * 1024
#: Values of one multi-valued attribute.
MOST_VALUES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSchema:
    """The attributes of users or of groups. Everything is indexed by lower-case name or URN."""

    urn: str
    name_attribute: str
    core: Mapping[str, AttributeDefinition]
    #: Lower-case URN to the URN as declared, and its attributes.
    extensions: Mapping[str, tuple[str, Mapping[str, AttributeDefinition]]]


def user_schema() -> ResourceSchema:
    """Core, enterprise extension and the custom attributes of users that are declared now."""
    enterprise = {ENTERPRISE_SCHEMA.lower(): (ENTERPRISE_SCHEMA, ENTERPRISE_USER)}
    return ResourceSchema(
        urn=USER_SCHEMA,
        name_attribute="userName",
        core=CORE_USER,
        extensions=enterprise | _custom(CustomAttribute.ResourceType.USER),
    )


def group_schema() -> ResourceSchema:
    """Core and the custom attributes of groups that are declared now."""
    return ResourceSchema(
        urn=GROUP_SCHEMA,
        name_attribute="displayName",
        core=CORE_GROUP,
        extensions=_custom(CustomAttribute.ResourceType.GROUP),
    )


def _custom(resource_type: str) -> dict[str, tuple[str, Mapping[str, AttributeDefinition]]]:
    declared: dict[str, list[AttributeDefinition]] = {}
    for attribute in CustomAttribute.objects.filter(resource_type=resource_type):
        definition = AttributeDefinition(
            name=attribute.name, type=AttributeType(attribute.type), multi_valued=attribute.multi_valued
        )
        declared.setdefault(attribute.schema, []).append(definition)
    return {urn.lower(): (urn, by_name(attributes)) for urn, attributes in declared.items()}


def normalise(resource: object, schema: ResourceSchema) -> dict[str, Any]:
    """Return the resource with canonical names, without what is empty or the directory's to say, and with `schemas`.

    Unassigned, null and an empty list mean the same (RFC 7643, section 2.5), and so does an empty text here.
    Raises `DirectoryRefusal` for an unknown attribute, a value of the wrong type, a name that no name can be, and
    a document above 256 KiB.
    """
    if not isinstance(resource, dict):
        raise DirectoryRefusal("", "A user or a group is a JSON object with attributes.")
    document: dict[str, Any] = {"schemas": [schema.urn]}
    for key, value in resource.items():
        _take(document, key, value, schema)
    name = schema.name_attribute
    document[name] = names.clean(document.get(name, ""), name)
    _refuse_large(document)
    return document


def _take(document: dict[str, Any], key: object, value: object, schema: ResourceSchema) -> None:
    extension = schema.extensions.get(str(key).lower())
    if extension is None:
        _assign(document, str(key), value, schema.core, "")
        return
    urn, attributes = extension
    if urn in document:
        raise DirectoryRefusal(urn, f'The extension "{urn}" is given twice, in different case. Give it once.')
    inside = _object({} if value is None else value, attributes, urn, ":")
    if inside:
        document[urn] = inside
        document["schemas"].append(urn)


def _object(
    value: object, attributes: Mapping[str, AttributeDefinition], place: str, separator: str = "."
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DirectoryRefusal(
            place, f'"{place}" must be an object with attributes, and {shown(value)} is none.'
        )
    taken: dict[str, Any] = {}
    for key, inner in value.items():
        _assign(taken, str(key), inner, attributes, place + separator)
    return taken


def _assign(
    into: dict[str, Any], key: str, value: object, attributes: Mapping[str, AttributeDefinition], prefix: str
) -> None:
    attribute = attributes.get(key.lower())
    if attribute is None:
        raise DirectoryRefusal(prefix + key, _unknown(key, attributes, prefix))
    if attribute.dropped or value is None or value in ("", [], {}):
        return
    place = prefix + attribute.name
    if attribute.name in into:
        raise DirectoryRefusal(place, f'"{place}" is given twice, in different case. Give it once.')
    kept = _several(value, attribute, place) if attribute.multi_valued else _single(value, attribute, place)
    if kept not in ("", [], {}):
        into[attribute.name] = kept


def _single(value: object, attribute: AttributeDefinition, place: str) -> Any:
    if attribute.type is not AttributeType.COMPLEX:
        return checked(value, attribute, place)
    # Microsoft Entra sends the manager as a bare id.
    if isinstance(value, str) and attribute.name == "manager":
        value = {"value": value}
    return _object(value, attribute.parts, place)


def _several(value: object, attribute: AttributeDefinition, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise DirectoryRefusal(
            place, f'"{place}" has several values: it must be a list, and {shown(value)} is none.'
        )
    if len(value) > MOST_VALUES:
        raise DirectoryRefusal(
            place, f'"{place}" may have {MOST_VALUES:,} values, and this has {len(value):,}.'
        )
    kept: list[Any] = []
    for number, item in enumerate(value):
        one = _single(item, attribute, f"{place}[{number}]")
        if one not in ("", {}) and one not in kept:
            kept.append(one)
    if attribute.type is AttributeType.COMPLEX:
        _check_list(kept, attribute, place)
    return kept


def _check_list(values: list[dict[str, Any]], attribute: AttributeDefinition, place: str) -> None:
    if sum(value.get("primary", False) for value in values) > 1:
        raise DirectoryRefusal(
            place, f'"{place}" has more than one primary value: at most one may be (RFC 7643, section 2.4).'
        )
    if attribute.name == "emails":
        for number, value in enumerate(values):
            _check_email(value.get("value", ""), f"{place}[{number}].value")


def _check_email(address: str, place: str) -> None:
    local, _, domain = address.rpartition("@")
    if not local or not domain or "@" in local or any(character.isspace() for character in address):
        raise DirectoryRefusal(
            place,
            f'"{place}" must be an e-mail address such as "ada@example.com", and {shown(address)} is none.',
        )


def _unknown(key: str, attributes: Mapping[str, AttributeDefinition], prefix: str) -> str:
    sentence = f"There is no attribute {shown(prefix + key)}."
    near = difflib.get_close_matches(key.lower(), attributes, n=1)
    if near:
        return f'{sentence} Did you mean "{prefix}{attributes[near[0]].name}"?'
    if key.lower().startswith("urn:"):
        return f"{sentence} Declare it under custom attributes first."
    return f"{sentence} Remove it, or declare a custom attribute for it."


def _refuse_large(document: dict[str, Any]) -> None:
    size = len(orjson.dumps(document))
    if size > LARGEST_DOCUMENT:
        raise DirectoryRefusal(
            "", f"The document has {size // 1024:,} KiB, and 256 KiB is the most: shorten its longest values."
        )
