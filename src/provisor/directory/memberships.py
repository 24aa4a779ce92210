"""Users into groups and out of them, groups into groups and out of them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory import closure, journal
from provisor.directory.changes import change, refuse_stale
from provisor.directory.everyone import refuse_everyone
from provisor.directory.groups import touch_version
from provisor.directory.models import Group, JournalEntry, Membership, Nesting
from provisor.directory.pending import touch_effective_members, touch_members
from provisor.directory.queries import as_id, get_group, named, path_of_groups, users
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.statements import batches, insert
from provisor.directory.values import shown

#: Names that a journal entry keeps of a larger crowd; the audit entry has every id.
_NAMES_KEPT = 100


def add_members(group_id: UUID, user_ids: Iterable[UUID], *, actor: Actor, version: int | None = None) -> int:
    """Put users into the group; return how many were not in it. Who is in it already changes nothing.

    Raises `DirectoryRefusal`: missing (the group, or any of the users: then nobody is added), protected, conflict.
    """
    with change():
        group = _editable(group_id, version)
        return _add(group, _distinct(user_ids), actor)


def remove_members(
    group_id: UUID, user_ids: Iterable[UUID], *, actor: Actor, version: int | None = None
) -> int:
    """Take users out of the group; return how many were in it. Raises `DirectoryRefusal` as `add_members`."""
    with change():
        group = _editable(group_id, version)
        return _remove(group, _distinct(user_ids), actor)


def set_members(group_id: UUID, user_ids: Iterable[UUID], *, actor: Actor, version: int | None = None) -> int:
    """Make these users, and nobody else, the direct members; return how many came or went."""
    with change():
        group = _editable(group_id, version)
        wanted = _distinct(user_ids)
        chosen = set(wanted)
        present = group.memberships.order_by("id").values_list("user_id", flat=True)
        gone = [one for one in present if one not in chosen]
        return _remove(group, gone, actor) + _add(group, wanted, actor)


def _editable(group_id: UUID, version: int | None) -> Group:
    group = get_group(group_id)
    refuse_everyone(group, "edited by hand")
    refuse_stale(group, version, "group")
    return group


def _distinct(user_ids: Iterable[UUID]) -> list[UUID]:
    ids = {text: as_id(text) for text in user_ids}
    unreadable = [str(text) for text, one in ids.items() if one is None]
    if unreadable:
        raise _no_such_users(unreadable)
    return list(dict.fromkeys(one for one in ids.values() if one is not None))


def _add(group: Group, wanted: list[UUID], actor: Actor) -> int:
    _refuse_missing(wanted)
    present = set(_members_among(group, wanted))
    fresh = [one for one in wanted if one not in present]
    if not fresh:
        return 0
    insert(Membership, ("group_id", "user_id"), ((group.id, one) for one in fresh))
    entry = _note("group.members_added", group, fresh, actor)
    touch_members(entry, group.id, fresh)
    return len(fresh)


def _remove(group: Group, unwanted: list[UUID], actor: Actor) -> int:
    gone = _members_among(group, unwanted)
    if not gone:
        return 0
    entry = _note("group.members_removed", group, gone, actor)
    touch_members(entry, group.id, gone)
    for some in batches(gone):
        group.memberships.filter(user_id__in=some).delete()
    return len(gone)


def _members_among(group: Group, user_ids: Sequence[UUID]) -> list[UUID]:
    found = (
        group.memberships.filter(user_id__in=some).values_list("user_id", flat=True)
        for some in batches(user_ids)
    )
    return [one for some in found for one in some]


def _refuse_missing(user_ids: Sequence[UUID]) -> None:
    known = {
        one for some in batches(user_ids) for one in users().filter(id__in=some).values_list("id", flat=True)
    }
    missing = [str(one) for one in user_ids if one not in known]
    if missing:
        raise _no_such_users(missing)


def _no_such_users(texts: list[str]) -> DirectoryRefusal:
    reason = f"No user of the directory has the id {named(texts)}. Nobody was added. Leave them out, or create them first."
    return DirectoryRefusal("members", reason, RefusalKind.MISSING)


def _note(event: str, group: Group, user_ids: Sequence[UUID], actor: Actor) -> JournalEntry:
    touch_version(group)
    group.save(force_update=True, update_fields=["version", "updated_at"])
    ids = [str(one) for one in user_ids]
    side = "after" if event == "group.members_added" else "before"
    record(actor, event, subject_id=group.id, subject_label=group.display_name, **{side: {"members": ids}})
    return journal.record(event, actor=actor, subject_id=group.id, detail=_crowd(group, user_ids))


def _crowd(group: Group, user_ids: Sequence[UUID]) -> dict[str, Any]:
    some = users().filter(id__in=user_ids[:_NAMES_KEPT]).values_list("id", "user_name")
    members = [{"id": str(user_id), "userName": user_name} for user_id, user_name in some]
    return {"displayName": group.display_name, "count": len(user_ids), "members": members}


def nest(parent_id: UUID, child_id: UUID, *, actor: Actor) -> bool:
    """Put a group inside a group; return whether it was not there. Its members become the parent's at once.

    Raises `DirectoryRefusal`: missing, protected (Everyone), or cycle, with the names that would close the circle.
    """
    with change():
        parent, child = _two(parent_id, child_id)
        _refuse_cycle(parent, child)
        if Nesting.objects.filter(parent=parent, child=child).exists():
            return False
        Nesting.objects.create(parent=parent, child=child)
        closure.join(parent.id, child.id)
        entry = _note_nesting("group.nested", parent, child, actor)
        touch_effective_members(entry, top=parent.id, bottom=child.id)
    return True


def unnest(parent_id: UUID, child_id: UUID, *, actor: Actor) -> bool:
    """Take a group out of a group; return whether it was directly inside. Raises `DirectoryRefusal` as `nest`."""
    with change():
        parent, child = _two(parent_id, child_id)
        nesting = Nesting.objects.filter(parent=parent, child=child).first()
        if nesting is None:
            return False
        entry = _note_nesting("group.unnested", parent, child, actor)
        touch_effective_members(entry, top=parent.id, bottom=child.id)
        nesting.delete()
        closure.part(parent.id, child.id)
    return True


def _two(parent_id: UUID, child_id: UUID) -> tuple[Group, Group]:
    parent, child = get_group(parent_id), get_group(child_id)
    for group in (parent, child):
        refuse_everyone(group, "put into a group, or take one in")
    return parent, child


def _refuse_cycle(parent: Group, child: Group) -> None:
    if parent.id == child.id:
        reason = f"The group {shown(parent.display_name)} cannot be inside itself. Choose another group."
        raise DirectoryRefusal("members", reason, RefusalKind.CYCLE)
    if closure.contains(child.id, parent.id):
        path = " > ".join(shown(group.display_name) for group in path_of_groups(child.id, parent.id))
        raise DirectoryRefusal(
            "members",
            f"{shown(child.display_name)} cannot go into {shown(parent.display_name)}, since it holds that group "
            f"already ({path}): the circle would have no end. Take one of these groups out of the other first.",
            RefusalKind.CYCLE,
        )


def _note_nesting(event: str, parent: Group, child: Group, actor: Actor) -> JournalEntry:
    touch_version(parent)
    parent.save(force_update=True, update_fields=["version", "updated_at"])
    detail = {
        "displayName": parent.display_name,
        "group": {"id": str(child.id), "displayName": child.display_name},
    }
    side = "after" if event == "group.nested" else "before"
    record(actor, event, subject_id=parent.id, subject_label=parent.display_name, **{side: detail["group"]})
    return journal.record(event, actor=actor, subject_id=parent.id, detail=detail)
