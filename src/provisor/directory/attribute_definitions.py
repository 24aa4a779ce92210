"""The attributes that the directory keeps: RFC 7643, sections 4.1 to 4.3, as data.

Left out on purpose: `id`, `meta`, `schemas` and `groups`, which are the directory's to say (read-only), and
`password`, which Provisor never keeps (the IPSIE profile forbids provisioning it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class AttributeType(StrEnum):
    """Data types of RFC 7643, section 2.3."""

    STRING = "string"
    #: A JSON boolean; the texts "True" and "False" are read as one (Microsoft Entra sends them).
    BOOLEAN = "boolean"
    #: A whole number of at most 64 bits.
    INTEGER = "integer"
    DECIMAL = "decimal"
    #: Text as in XML Schema, `2026-11-23T10:00:00Z`.
    DATE_TIME = "dateTime"
    #: A URI, kept as text.
    REFERENCE = "reference"
    #: Base64 text.
    BINARY = "binary"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDefinition:
    """One attribute. `parts` are the sub-attributes of a complex one, by lower-case name."""

    name: str
    type: AttributeType = AttributeType.STRING
    multi_valued: bool = False
    #: Accepted and dropped: the directory says it, or nobody keeps it.
    dropped: bool = False
    #: Longest text, in characters.
    longest: int = 10_000
    parts: "Mapping[str, AttributeDefinition]" = field(default_factory=lambda: MappingProxyType({}))


def by_name(attributes: Iterable[AttributeDefinition]) -> Mapping[str, AttributeDefinition]:
    """Index by lower-case name: attribute names compare without case (RFC 7643, section 2.1)."""
    return MappingProxyType({attribute.name.lower(): attribute for attribute in attributes})


def _texts(*names: str) -> list[AttributeDefinition]:
    return [AttributeDefinition(name=name) for name in names]


def _dropped(*names: str) -> list[AttributeDefinition]:
    return [AttributeDefinition(name=name, dropped=True) for name in names]


def _complex(name: str, *parts: AttributeDefinition, multi_valued: bool = False) -> AttributeDefinition:
    return AttributeDefinition(
        name=name, type=AttributeType.COMPLEX, multi_valued=multi_valued, parts=by_name(parts)
    )


_REFERENCE = AttributeDefinition(name="$ref", type=AttributeType.REFERENCE)
_PRIMARY = AttributeDefinition(name="primary", type=AttributeType.BOOLEAN)
#: A target's column and an index entry of PostgreSQL both end somewhere near (RFC 5321: 254 for an address).
_EMAIL = AttributeDefinition(name="value", longest=320)
_EXTERNAL_ID = AttributeDefinition(name="externalId", longest=500)


def _many(name: str, value: AttributeDefinition) -> AttributeDefinition:
    """A multi-valued attribute with the usual sub-attributes (RFC 7643, section 2.4)."""
    return _complex(name, value, *_texts("display", "type"), _PRIMARY, _REFERENCE, multi_valued=True)


_NAME = _complex(
    "name",
    *_texts("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"),
)
_ADDRESSES = _complex(
    "addresses",
    *_texts("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"),
    _PRIMARY,
    multi_valued=True,
)
_VALUE = AttributeDefinition(name="value")

CORE_USER = by_name(
    [
        *_texts("userName", "displayName", "nickName", "title", "userType"),
        *_texts("preferredLanguage", "locale", "timezone"),
        _EXTERNAL_ID,
        _NAME,
        AttributeDefinition(name="profileUrl", type=AttributeType.REFERENCE),
        AttributeDefinition(name="active", type=AttributeType.BOOLEAN),
        _many("emails", _EMAIL),
        *[_many(name, _VALUE) for name in ("phoneNumbers", "ims", "entitlements", "roles")],
        _many("photos", AttributeDefinition(name="value", type=AttributeType.REFERENCE)),
        _many(
            "x509Certificates", AttributeDefinition(name="value", type=AttributeType.BINARY, longest=100_000)
        ),
        _ADDRESSES,
        *_dropped("id", "meta", "schemas", "groups", "password"),
    ]
)
CORE_GROUP = by_name(
    [*_texts("displayName"), _EXTERNAL_ID, *_dropped("id", "meta", "schemas", "members")],
)
ENTERPRISE_USER = by_name(
    [
        *_texts("employeeNumber", "costCenter", "organization", "division", "department"),
        _complex("manager", _VALUE, *_dropped("$ref", "displayName")),
    ]
)
