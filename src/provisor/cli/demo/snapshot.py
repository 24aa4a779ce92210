"""What the server holds, read by plain HTTP and apart from all of Provisor's own client, and how two readings differ."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.cli.demo.target import Target

Resource = dict[str, Any]
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All users and all groups by id."""

    users: Mapping[str, Resource]
    groups: Mapping[str, Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What became different between two snapshots."""

    created: int = 0
    updated: int = 0
    deactivated: int = 0
    deleted: int = 0
    groups_created: int = 0
    groups_updated: int = 0
    groups_deleted: int = 0
    members_added: int = 0
    members_removed: int = 0


EMPTY: Final = Snapshot(users={}, groups={})


def read_snapshot(target: Target) -> Snapshot:
    """Read everything, page by page."""
    return Snapshot(users=_read_all(target, "Users"), groups=_read_all(target, "Groups"))


def _read_all(target: Target, collection: str) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    while True:
        page = _get(target, f"/{collection}?startIndex={len(found) + 1}&count={_PAGE}")
        fresh = {one["id"]: one for one in page.get("Resources") or [] if one["id"] not in found}
        if not fresh:
            return found
        found |= fresh


def _get(target: Target, path: str) -> Any:
    headers = {"Authorization": f"Bearer {target.token}", "Accept": "application/scim+json"}
    request = urllib.request.Request(target.base_url + path, headers=headers)  # noqa: S310 - our own http address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.loads(answer.read())


def members_of(group: Resource) -> frozenset[str]:
    """The ids of a group's members."""
    return frozenset(member["value"] for member in group.get("members") or [])


def happened_between(before: Snapshot, after: Snapshot) -> Happened:
    """Count what is new, different and gone."""
    kept = before.users.keys() & after.users.keys()
    switched_off = {one for one in kept if _is_active(before.users[one]) and not _is_active(after.users[one])}
    kept_groups = before.groups.keys() & after.groups.keys()
    joined, left = _member_changes(before, after)
    return Happened(
        created=len(after.users.keys() - kept),
        updated=sum(_plain(before.users[one]) != _plain(after.users[one]) for one in kept - switched_off),
        deactivated=len(switched_off),
        deleted=len(before.users.keys() - kept),
        groups_created=len(after.groups.keys() - kept_groups),
        groups_updated=sum(_plain(before.groups[one]) != _plain(after.groups[one]) for one in kept_groups),
        groups_deleted=len(before.groups.keys() - kept_groups),
        members_added=joined,
        members_removed=left,
    )


def _is_active(user: Resource) -> bool:
    return user.get("active") is True


def _plain(resource: Resource) -> Resource:
    """Without what the server counts itself, and without memberships, which are counted apart."""
    return {name: value for name, value in resource.items() if name not in {"meta", "members", "groups"}}


def _member_changes(before: Snapshot, after: Snapshot) -> tuple[int, int]:
    joined = left = 0
    for group_id in before.groups.keys() | after.groups.keys():
        old = members_of(before.groups.get(group_id, {}))
        new = members_of(after.groups.get(group_id, {}))
        joined, left = joined + len(new - old), left + len(old - new)
    return joined, left
