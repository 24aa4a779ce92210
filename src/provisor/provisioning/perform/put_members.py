"""The members that a PUT of a group has to carry, so that it drops nobody (R6)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from provisor.provisioning.passes.work import DueLink
from provisor.scim.capabilities import Origin
from provisor.scim.dialect import Dialect
from provisor.scim.errors import Refused
from provisor.scim.patch import member_elements

UNKNOWN_MEMBERS = (
    "Not sent: the application does not show who is in this group, and it was there before Provisor. A PUT replaces "
    "all of its members, so whoever somebody else put in would lose the membership. If the application does return "
    "the members of groups, say so in its capabilities; else unlink the group and let another one be made."
)

#: Remote ids of the members that the application has confirmed; asks the database.
ConfirmedMembers = Callable[[DueLink], Awaitable[list[str]]]


async def nobody(link: DueLink) -> list[str]:  # noqa: ARG001 - the shape of ConfirmedMembers
    """Nothing is remembered."""
    return []


async def members_of(
    dialect: Dialect, link: DueLink, remote: Mapping[str, Any], confirmed: ConfirmedMembers, *, seen: bool
) -> list[dict[str, Any]]:
    """Return who is in the group: what was read, and where that says nothing, what was confirmed before.

    An empty list says nothing, too: some applications never show members; `seen` says that this one was seen to show
    them. Raises Refused for a group of somebody else: what we confirmed there is not all of its members.
    """
    shown = shown_members(remote) or []
    if dialect.members_readable and (shown or seen):
        return shown
    if not (shown or _is_ours(link) or _empty_means_empty(dialect)):
        raise Refused(UNKNOWN_MEMBERS, status=501)
    there = {member.get("value") for member in shown}
    remembered = [identifier for identifier in await confirmed(link) if identifier not in there]
    return [*shown, *as_members(remembered, dialect)]


def shown_members(remote: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the members that a group shows; None where it does not show them (unknown is not empty)."""
    members = remote.get("members")
    if not isinstance(members, list):
        return None
    return [member for member in members if isinstance(member, dict)]


def as_members(
    identifiers: Sequence[str], dialect: Dialect, displays: Mapping[str, str] | None = None
) -> Iterable[dict[str, Any]]:
    """Write members as the application takes them."""
    return member_elements(identifiers, dialect, displays)


def _is_ours(link: DueLink) -> bool:
    """Whether we made the group, so that nobody was in it before; a POST without an outcome counts."""
    return link.origin == "created" or (link.remote_id is None and bool(link.doubt.get("create")))


def _empty_means_empty(dialect: Dialect) -> bool:
    """Whether it was measured, or said by a person, that members are shown; the mere default says nothing."""
    return dialect.members_readable and dialect.origin("members_readable") is not Origin.DEFAULT
