"""What RFC 7643 says of the attributes that PATCH and comparison must treat by name. All names in lower case."""

from typing import Final

#: Lists of complex values (RFC 7643, 4.1.2 and 4.2).
MULTI_VALUED: Final = frozenset(
    {
        "emails",
        "phonenumbers",
        "ims",
        "photos",
        "addresses",
        "groups",
        "entitlements",
        "roles",
        "x509certificates",
        "members",
    }
)
#: Single values without sub-attributes. Entra's older shape wraps them: [{"value": "x"}].
SIMPLE: Final = frozenset(
    {
        "username",
        "externalid",
        "displayname",
        "nickname",
        "profileurl",
        "title",
        "usertype",
        "preferredlanguage",
        "locale",
        "timezone",
        "active",
        "password",
        "employeenumber",
        "costcenter",
        "organization",
        "division",
        "department",
    }
)
#: Booleans, which Entra and others write as "True" and "False".
BOOLEAN: Final = frozenset({"active", "primary"})
#: What the service provider alone decides, by kind of resource (RFC 7643, 3.1 and 4.1.2).
READ_ONLY: Final = {
    "user": frozenset({"id", "meta", "schemas", "groups"}),
    "group": frozenset({"id", "meta", "schemas"}),
}


def as_boolean(value: object) -> bool | None:
    """The boolean that a value is or spells; None when it is neither."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold())
    return value if isinstance(value, bool) else None
