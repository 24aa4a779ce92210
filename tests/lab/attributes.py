"""Reading attributes of a resource by their names, which do not mind case (RFC 7643 2.1)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = (USER.casefold(), GROUP.casefold())

MULTI_VALUED = {
    name.casefold(): name
    for name in (
        "emails",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        "groups",
        "entitlements",
        "roles",
        "x509Certificates",
        "members",
    )
}
SINGLE_VALUED = {
    name.casefold(): name
    for name in (
        "userName",
        "name",
        "displayName",
        "nickName",
        "profileUrl",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "active",
        "password",
        "externalId",
        "id",
        "meta",
        "schemas",
    )
}
_CANONICAL = MULTI_VALUED | SINGLE_VALUED
_CANONICAL |= {name: name for name in _CANONICAL.values()}  # the right spelling is found without folding


class Place(NamedTuple):
    """Where an attribute is: the extension's URN ("" for the core), the attribute, the sub-attribute or ""."""

    schema: str
    attribute: str
    sub: str = ""


def place(text: str) -> Place:
    """The place that a path without a filter names, such as `name.givenName` or `urn:...:User:manager.value`."""
    schema, _, rest = text.rpartition(":") if text.casefold().startswith("urn:") else ("", "", text)
    attribute, _, sub = rest.partition(".")
    return Place("" if schema.casefold() in CORE else schema, canonical(attribute), sub)


def canonical(name: str) -> str:
    """The spelling of RFC 7643 for a known attribute name; other names stay as they are."""
    return _CANONICAL.get(name) or _CANONICAL.get(name.casefold(), name)


def key_in(values: dict[str, Any], name: str) -> str:
    """The key of `values` that is `name` in any case; `name` itself where there is none."""
    if name in values:
        return name
    folded = name.casefold()
    return next((key for key in values if key.casefold() == folded), name)


def values_at(resource: dict[str, Any], where: Place) -> Iterator[Any]:
    """Every value at a place, one for each element of a multi-valued attribute."""
    holder = resource.get(key_in(resource, where.schema)) if where.schema else resource
    if not isinstance(holder, dict):
        return
    found = holder.get(key_in(holder, where.attribute))
    for element in found if isinstance(found, list) else [found]:
        if where.sub and isinstance(element, dict):
            yield element.get(key_in(element, where.sub))
        elif not where.sub:
            yield element


def simple(value: Any) -> Any:
    """What a comparison looks at: the `value` of a complex element, anything else as it is."""
    return value.get("value") if isinstance(value, dict) else value
