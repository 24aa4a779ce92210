"""The attributes of users and groups that a mapping can name, with their types (RFC 7643, sections 3.1 and 4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from provisor.mapping.problems import did_you_mean
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

Kind = Literal["user", "group"]


class Type(StrEnum):
    """Types of RFC 7643, section 2.3."""

    STRING = "string"  # text; also references, binary values and date-times, which are text in JSON
    BOOLEAN = "boolean"  # true or false
    INTEGER = "integer"  # a whole number
    DECIMAL = "decimal"  # a number, with or without a fraction
    COMPLEX = "complex"  # an object with sub-attributes
    ANY = "any"  # not known: an attribute of a schema that we have not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute. `parts` are the sub-attributes of a complex one, by folded name."""

    name: str
    type: Type = Type.STRING
    multi_valued: bool = False
    parts: Mapping[str, "Attribute"] = field(default_factory=dict)

    @property
    def part_names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAttributeSpec:
    """An attribute of a custom extension schema, as the directory declares it.

    `type` is one of string, boolean, integer, decimal and dateTime.
    """

    schema: str
    name: str
    type: str = "string"
    multi_valued: bool = False


class UnknownAttribute(ValueError):  # noqa: N818 - named by what happened
    """No such attribute. `reason` is a sentence; `hint` offers the nearest name."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason} {hint}")
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Everything that a source of one kind can hold. Names compare case-insensitively (RFC 7643, 2.1)."""

    kind: Kind
    schemas: Mapping[str, Mapping[str, Attribute]]  # folded URN; "" is the core schema
    urns: Mapping[str, str]  # folded URN to the URN as it was declared

    def attribute(self, schema: str, name: str) -> Attribute:
        """Return an attribute; raises `UnknownAttribute` with the nearest name."""
        attributes = self._schema(schema)
        found = attributes.get(name.casefold())
        if found is None:
            names = [each.name for each in attributes.values()]
            place = f' in the schema "{schema}"' if schema else f" among the attributes of a {self.kind}"
            raise UnknownAttribute(f'There is no attribute "{name}"{place}.', _hint(name, names, self.kind))
        return found

    def part(self, attribute: Attribute, name: str) -> Attribute:
        """Return a sub-attribute; raises `UnknownAttribute` with the nearest name."""
        found = attribute.parts.get(name.casefold())
        if found is None:
            known = ", ".join(attribute.part_names) or "none"
            reason = f'"{attribute.name}" has no sub-attribute "{name}".'
            raise UnknownAttribute(reason, did_you_mean(name, attribute.part_names, f"It has: {known}."))
        return found

    def urn(self, schema: str) -> str:
        """Return the URN as it was declared, whatever its letter case here."""
        return self.urns.get(schema.casefold(), schema)

    def names(self) -> list[str]:
        return [attribute.name for attribute in self.schemas[""].values()]

    def _schema(self, schema: str) -> Mapping[str, Attribute]:
        found = self.schemas.get(schema.casefold())
        if found is None:
            reason = f'There is no schema "{schema}" in the directory.'
            hint = did_you_mean(schema, self.urns.values(), "Declare its attributes in the directory first.")
            raise UnknownAttribute(reason, hint)
        return found


def _hint(name: str, names: Iterable[str], kind: str) -> str:
    return did_you_mean(
        name,
        names,
        f"Choose an attribute that a {kind} has, or declare a custom attribute with this name first.",
    )


def _table(*attributes: Attribute) -> dict[str, Attribute]:
    return {attribute.name.casefold(): attribute for attribute in attributes}


def _text(*names: str) -> list[Attribute]:
    return [Attribute(name=name) for name in names]


def _complex(name: str, *parts: str, multi_valued: bool = False) -> Attribute:
    table = _table(*_text(*parts))
    if multi_valued:
        table["primary"] = Attribute(name="primary", type=Type.BOOLEAN)
    return Attribute(name=name, type=Type.COMPLEX, multi_valued=multi_valued, parts=table)


def _list(name: str, *parts: str) -> Attribute:
    return _complex(name, *(parts or ("value", "display", "type")), multi_valued=True)


_ADDRESS: Final = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")
_NAME: Final = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_USER: Final = _table(
    *_text("id", "externalId", "userName", "displayName", "nickName", "profileUrl", "title", "userType"),
    *_text("preferredLanguage", "locale", "timezone"),
    Attribute(name="active", type=Type.BOOLEAN),
    _complex("name", *_NAME),
    *(_list(name) for name in ("emails", "phoneNumbers", "ims", "photos")),
    *(_list(name) for name in ("entitlements", "roles", "x509Certificates")),
    _list("addresses", *_ADDRESS),
)
_ENTERPRISE: Final = _table(
    *_text("employeeNumber", "costCenter", "organization", "division", "department"),
    _complex("manager", "value", "$ref", "displayName"),
)
_GROUP: Final = _table(*_text("id", "externalId", "displayName"))

_CUSTOM_TYPES: Final = {
    "boolean": Type.BOOLEAN,
    "integer": Type.INTEGER,
    "decimal": Type.DECIMAL,
}
CORE_SCHEMA: Final[Mapping[str, str]] = {"user": USER_SCHEMA, "group": GROUP_SCHEMA}


def vocabulary(kind: Kind, custom: Iterable[CustomAttributeSpec] = ()) -> Vocabulary:
    """Return what a user or group of the directory can hold: the core, the enterprise and the custom schemas."""
    core = _USER if kind == "user" else _GROUP
    schemas: dict[str, dict[str, Attribute]] = {"": core, CORE_SCHEMA[kind].casefold(): core}
    urns: dict[str, str] = {}
    if kind == "user":
        schemas[ENTERPRISE_SCHEMA.casefold()] = dict(_ENTERPRISE)
        urns[ENTERPRISE_SCHEMA.casefold()] = ENTERPRISE_SCHEMA
    for spec in custom:
        type_ = _CUSTOM_TYPES.get(spec.type, Type.STRING)
        attribute = Attribute(name=spec.name, type=type_, multi_valued=spec.multi_valued)
        schemas.setdefault(spec.schema.casefold(), {})[spec.name.casefold()] = attribute
        urns.setdefault(spec.schema.casefold(), spec.schema)
    return Vocabulary(kind=kind, schemas=schemas, urns=urns)
