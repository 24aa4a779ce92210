"""The generic mapping: what an application gets when neither its profile nor its administrator says otherwise."""

from typing import Any, Final

from provisor.mapping.vocabulary import Kind
from provisor.scim.schemas import ENTERPRISE_SCHEMA

#: The work address; a person without one gets the primary address, else the first there is.
WORK_EMAIL: Final = 'emails[type eq "work"].value'
EMAIL_SOURCE: Final = f"{WORK_EMAIL} | emails[primary eq true].value | emails.value"
_WORK_PHONE: Final = 'phoneNumbers[type eq "work"].value'

_USER: Final[tuple[tuple[str, str], ...]] = (
    ("userName", "userName"),
    ("name.givenName", "name.givenName"),
    ("name.familyName", "name.familyName"),
    (WORK_EMAIL, EMAIL_SOURCE),
    ("displayName", "displayName | name.formatted | userName"),
    ("active", "active"),
    ("externalId", "id"),
    ("nickName", "nickName"),
    ("title", "title"),
    ("userType", "userType"),
    ("preferredLanguage", "preferredLanguage"),
    ("locale", "locale"),
    ("timezone", "timezone"),
    (_WORK_PHONE, _WORK_PHONE),
    *(
        (f"{ENTERPRISE_SCHEMA}:{name}", f"{ENTERPRISE_SCHEMA}:{name}")
        for name in ("employeeNumber", "department", "organization", "division", "costCenter")
    ),
)
_GROUP: Final[tuple[tuple[str, str], ...]] = (("displayName", "displayName"), ("externalId", "id"))
MANAGER: Final = f"{ENTERPRISE_SCHEMA}:manager.value"


def default_rules(kind: Kind) -> list[dict[str, Any]]:
    """Return the generic mapping as the JSON that an administrator edits; `read_rules` accepts it."""
    if kind == "group":
        return [_direct(*each) for each in _GROUP]
    return [*(_direct(*each) for each in _USER), _direct(MANAGER, MANAGER, reference="user")]


def _direct(target: str, source: str, *, reference: str = "") -> dict[str, Any]:
    return {
        "target": target,
        "kind": "direct",
        "source": source,
        "value": None,
        "default": None,
        "apply": "always",
        "on_empty": "clear",
        "reference": reference,
    }
