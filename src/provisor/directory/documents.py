"""From a checked resource to the row that keeps it, and what differs between two of them."""

from typing import Any
from uuid import UUID

from provisor.directory import names
from provisor.directory.models import Group, User
from provisor.scim.schemas import ENTERPRISE_SCHEMA

#: Columns of `User` that `fill_user` sets.
USER_COLUMNS = (
    "user_name",
    "user_name_key",
    "active",
    "external_id",
    "display_name",
    "email",
    "manager_id",
    "resource",
)


def fill_user(user: User, document: dict[str, Any], manager_id: UUID | None) -> None:
    """Set the document and the columns beside it. `document` is normalised; it gets `id` and `active`."""
    document["id"] = str(user.id)
    document.setdefault("active", True)
    user.user_name = document["userName"]
    user.user_name_key = names.fold(user.user_name)
    user.active = document["active"]
    user.external_id = document.get("externalId", "")
    user.display_name = document.get("displayName", "")
    user.email = primary_email(document)
    user.manager_id = manager_id
    user.resource = document


def fill_group(group: Group, document: dict[str, Any]) -> None:
    """Set the document and the columns beside it. `document` is normalised; it gets `id`."""
    document["id"] = str(group.id)
    group.display_name = document["displayName"]
    group.display_name_key = names.fold(group.display_name)
    group.external_id = document.get("externalId", "")
    group.resource = document


def primary_email(document: dict[str, Any]) -> str:
    """Return the primary e-mail address, else that of type `work`, else the first, else an empty text."""
    emails: list[dict[str, Any]] = sorted(document.get("emails", []), key=_rank)
    return str(emails[0].get("value", "")) if emails else ""


def _rank(email: dict[str, Any]) -> int:
    return 0 if email.get("primary") else 1 if email.get("type", "").lower() == "work" else 2


def manager_value(document: dict[str, Any]) -> str:
    """Return `manager.value` of the enterprise extension, or an empty text."""
    return str(document.get(ENTERPRISE_SCHEMA, {}).get("manager", {}).get("value", ""))


def set_manager(document: dict[str, Any], manager_id: UUID | None) -> dict[str, Any]:
    """Return a copy of the document with this manager, or with none."""
    enterprise = {
        key: value for key, value in document.get(ENTERPRISE_SCHEMA, {}).items() if key != "manager"
    }
    if manager_id is not None:
        enterprise["manager"] = {"value": str(manager_id)}
    return with_extension(document, ENTERPRISE_SCHEMA, enterprise)


def with_extension(document: dict[str, Any], urn: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which the extension has just these attributes; `schemas` names it only if it has any."""
    copy = {key: value for key, value in document.items() if key != urn}
    copy["schemas"] = [schema for schema in document["schemas"] if schema != urn]
    if attributes:
        copy[urn] = attributes
        copy["schemas"].append(urn)
    return copy


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the attributes that differ, as they were and as they are; `schemas` and `id` follow from the others."""
    keys = [
        key
        for key in {**before, **after}
        if key not in {"schemas", "id"} and before.get(key) != after.get(key)
    ]
    return (
        {key: before[key] for key in keys if key in before},
        {key: after[key] for key in keys if key in after},
    )
