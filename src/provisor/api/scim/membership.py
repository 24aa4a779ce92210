"""Bringing a group's direct members to what a client asked for: users through memberships, groups through nesting."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet  # noqa: TC002 - one rule for all imports of this file

from provisor.api.scim.columns import read_id
from provisor.api.scim.member_changes import MemberChanges
from provisor.audit.actor import Actor
from provisor.directory import memberships
from provisor.directory.models import Group, Nesting
from provisor.directory.queries import groups, named, users
from provisor.scim.errors import ScimError

#: Ids in one query; a database takes a bounded number of them.
_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """Ids of members, by what they are the ids of."""

    users: tuple[UUID, ...]
    groups: tuple[UUID, ...]


def apply(group: Group, changes: MemberChanges, *, actor: Actor) -> None:
    """Apply the changes; removing who is not a member changes nothing. Raises `ScimError` 400, `DirectoryRefusal`."""
    added = sort(changes.added)
    if changes.cleared:
        replace(group, added, actor=actor)
        return
    removed = sort(changes.removed, lenient=True)
    if removed.users:
        memberships.remove_members(group.id, removed.users, actor=actor)
    for each in removed.groups:
        memberships.unnest(group.id, each, actor=actor)
    _add(group, added, actor)


def replace(group: Group, wanted: Ids, *, actor: Actor) -> None:
    """Make these the direct members, and nobody else."""
    memberships.set_members(group.id, wanted.users, actor=actor)
    inside = Nesting.objects.filter(parent_id=group.id, child__deleted_at=None).values_list(
        "child_id", flat=True
    )
    for each in set(inside) - set(wanted.groups):
        memberships.unnest(group.id, each, actor=actor)
    for each in wanted.groups:
        memberships.nest(group.id, each, actor=actor)


def _add(group: Group, added: Ids, actor: Actor) -> None:
    if added.users:
        memberships.add_members(group.id, added.users, actor=actor)
    for each in added.groups:
        memberships.nest(group.id, each, actor=actor)


def sort(texts: Iterable[str], *, lenient: bool = False) -> Ids:
    """Tell users from groups. Raises `ScimError` 400 invalidValue for an id of neither, unless `lenient`."""
    wanted = {text: read_id(text) for text in texts}
    ids = [each for each in wanted.values() if each is not None]
    people = _existing(ids, of=users())
    inner = _existing(ids, of=groups())
    unknown = [text for text, each in wanted.items() if each not in people and each not in inner]
    if unknown and not lenient:
        raise ScimError(
            400,
            "invalidValue",
            f"No user and no group has the id {named(unknown)}, so nobody was added. Create them first, or leave them out.",
        )
    return Ids(users=tuple(e for e in ids if e in people), groups=tuple(e for e in ids if e in inner))


def _existing(ids: list[UUID], *, of: "QuerySet[Any]") -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(ids), _BATCH):
        found.update(of.filter(pk__in=ids[start : start + _BATCH]).values_list("pk", flat=True))
    return found
