"""The dialect of one application: every fact that can be known of it, with what it means and its default."""

# ruff: noqa: RUF009 - `_fact` does nothing but wrap dataclasses.field

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

T = TypeVar("T")

PatchForm = Literal["paths", "pathless"]
GrantForm = Literal["elements", "texts"]
MemberAddForm = Literal["path", "pathless", "put"]
MemberRemoveForm = Literal["filter", "value", "put"]
Paging = Literal["index", "cursor", "none"]
Booleans = Literal["json", "string"]
ActiveFalse = Literal["suspend", "delete", "leave"]
Deletion = Literal["delete", "deactivate", "irreversible", "unlink"]


class Origin(StrEnum):
    """Who said so, from the weakest to the strongest (rule R15)."""

    #: Nobody: what RFC 7643 and 7644 lead one to expect, on the safe side.
    DEFAULT = "default"
    #: The profile of the vendor, with a source address as evidence.
    PROFILE = "profile"
    #: The application itself, by its documents or its behaviour.
    PROBE = "probe"
    #: A person.
    ADMINISTRATOR = "administrator"


class FactKind(StrEnum):
    """The type of a fact's value."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STR = "str"
    #: A list of strings; for `rates`, of {match, per_second, burst}.
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDefinition:
    """One thing that can be known of an application. `choices` is empty where any value of the kind will do."""

    name: str
    kind: FactKind
    default: Any
    choices: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A budget of requests. `match` is "POST /Users", "write", "read" or "all"; `burst` is in requests."""

    match: str
    per_second: float
    burst: int


def _fact(default: T, description: str, *choices: str) -> T:
    field: T = dataclasses.field(default=default, metadata={"description": description, "choices": choices})
    return field


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Every fact of one application, resolved: the strongest origin has won."""

    config_path: str = _fact("/ServiceProviderConfig", "Path of the configuration document; empty: none.")
    users: bool = _fact(True, "The application has users.")
    groups: bool = _fact(True, "The application has groups.")
    create_users: bool = _fact(True, "Users can be created by POST.")
    create_groups: bool = _fact(True, "Groups can be created by POST.")
    patch_users: bool = _fact(True, "Users can be changed by PATCH.")
    patch_groups: bool = _fact(True, "Groups can be changed by PATCH.")
    put_users: bool = _fact(True, "Users can be replaced by PUT.")
    put_groups: bool = _fact(True, "Groups can be replaced by PUT.")
    put_partial: bool = _fact(False, "PUT leaves attributes alone that the body does not name.")
    delete_users: bool = _fact(True, "Users can be removed by DELETE.")
    delete_groups: bool = _fact(True, "Groups can be removed by DELETE.")
    patch_form: PatchForm = _fact(
        "paths", "One operation per path, or one operation without path for all values.", "paths", "pathless"
    )
    put_instead: tuple[str, ...] = _fact(
        (), 'Changes that PATCH overlooks, so that they go by PUT, such as "user element".'
    )
    patch_operations_max: int = _fact(0, "Most operations in one PATCH; 0: no limit.")
    filter: bool = _fact(True, "Lists can be filtered.")
    filter_users: tuple[str, ...] = _fact((), "Attributes of users that can be filtered by; empty: any.")
    filter_groups: tuple[str, ...] = _fact((), "Attributes of groups that can be filtered by; empty: any.")
    filter_ignored: bool = _fact(False, "A filter is accepted, and everything is returned all the same.")
    members_per_request: int = _fact(100, "Most members of a group that one request may name.")
    member_add_form: MemberAddForm = _fact(
        "path",
        'Members are added at the path "members", by an operation without path, or by PUT of the group.',
        "path",
        "pathless",
        "put",
    )
    member_remove_form: MemberRemoveForm = _fact(
        "filter",
        "A member is removed by a filter in the path, by a list of values, or by PUT of the group.",
        "filter",
        "value",
        "put",
    )
    member_type: str = _fact("", 'The "type" that each member must carry; empty: none.')
    member_display: bool = _fact(False, 'Each member must carry a "display".')
    members_readable: bool = _fact(True, "The members of a group are returned.")
    members_on_create: bool = _fact(False, "Members in the POST of a group are taken over.")
    page_size: int = _fact(100, "Resources to ask for in one page.")
    paging: Paging = _fact("index", "How lists are paged.", "index", "cursor", "none")
    content_type: str = _fact("application/scim+json", "Media type of request bodies.")
    booleans: Booleans = _fact(
        "json", 'How booleans are sent in a PATCH; as string: "True", "False".', "json", "string"
    )
    etag: bool = _fact(False, "Resources carry versions, and If-Match is honoured.")
    bulk: bool = _fact(False, "Several operations can go in one request to /Bulk.")
    bulk_operations: int = _fact(0, "Most operations in one bulk request; 0: not known.")
    bulk_payload: int = _fact(0, "Most bytes in one bulk request; 0: not known.")
    bulk_references: bool = _fact(
        True, "In a bulk request, members of a new group may be named by the bulkId of their creation."
    )
    sort: bool = _fact(False, "Lists can be sorted.")
    rate_per_second: float = _fact(0.0, "Requests that may be sent per second; 0: not known.")
    rates: tuple[Rate, ...] = _fact((), "Budgets of single classes of requests.")
    concurrency: int = _fact(8, "Most requests under way at a time.")
    retry_after: bool = _fact(True, "A throttled request is answered with Retry-After.")
    grant_form: GrantForm = _fact(
        "elements", "Roles and entitlements are elements with a value, or plain texts.", "elements", "texts"
    )
    grant_primary: bool = _fact(False, "The first of the granted roles, and of the entitlements, is primary.")
    active_false_means: ActiveFalse = _fact(
        "suspend", "What becomes of an account set inactive.", "suspend", "delete", "leave"
    )
    delete_means: Deletion = _fact(
        "delete", "What becomes of an account deleted.", "delete", "deactivate", "irreversible", "unlink"
    )
    duplicate_status: tuple[int, ...] = _fact((409,), "Statuses that say: this exists already.")
    password_required: bool = _fact(False, "A user cannot be created without a password.")
    user_agent_required: bool = _fact(False, "Requests without a User-Agent are refused.")
    #: The origin of each fact that is not a default.
    origins: Mapping[str, Origin] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def origin(self, name: str) -> Origin:
        """Who said so. KeyError when there is no fact of this name."""
        return self.origins.get(FACTS[name].name, Origin.DEFAULT)

    def patches(self, kind: str) -> bool:
        return self.patch_users if kind == "user" else self.patch_groups

    def puts(self, kind: str) -> bool:
        return self.put_users if kind == "user" else self.put_groups

    def creates(self, kind: str) -> bool:
        return self.create_users if kind == "user" else self.create_groups

    def deletes(self, kind: str) -> bool:
        return self.delete_users if kind == "user" else self.delete_groups

    def has(self, kind: str) -> bool:
        return self.users if kind == "user" else self.groups

    def filters(self, kind: str, attribute: str) -> bool:
        """Whether a search of this kind by this attribute is worth a request."""
        known = self.filter_users if kind == "user" else self.filter_groups
        return self.filter and (not known or attribute.casefold() in {name.casefold() for name in known})


def _definition(field: "dataclasses.Field[Any]") -> FactDefinition:
    kinds = {bool: FactKind.BOOL, int: FactKind.INT, float: FactKind.FLOAT, str: FactKind.STR}
    return FactDefinition(
        name=field.name,
        kind=kinds.get(type(field.default), FactKind.LIST),
        default=list(field.default) if isinstance(field.default, tuple) else field.default,
        choices=field.metadata["choices"],
        description=field.metadata["description"],
    )


#: Every fact there is, in the order in which they are shown.
FACTS: Final[Mapping[str, FactDefinition]] = {
    field.name: _definition(field) for field in dataclasses.fields(Dialect) if field.name != "origins"
}
