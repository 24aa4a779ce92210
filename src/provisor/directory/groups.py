"""Creating, changing and deleting one group."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory import closure, journal
from provisor.directory.changes import change, refuse_stale
from provisor.directory.documents import differences, fill_group
from provisor.directory.everyone import everyone, refuse_everyone
from provisor.directory.journal import Touch
from provisor.directory.models import Group, JournalEntry, Nesting, Pending
from provisor.directory.pending import touch_effective_members
from provisor.directory.queries import get_group, groups
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.schema import group_schema, normalise
from provisor.directory.statements import execute
from provisor.directory.values import shown

__all__ = ["create_group", "delete_group", "everyone", "update_group"]


def create_group(
    display_name: str, *, actor: Actor, external_id: str = "", resource: dict[str, Any] | None = None
) -> Group:
    """Create an empty group. `resource` holds further attributes (custom extensions); members come later.

    Raises `DirectoryRefusal`: invalid, or duplicate when the name is taken, in whatever case.
    """
    given = {"externalId": external_id} | (resource or {}) | {"displayName": display_name}
    with change():
        # Everyone comes first, so that no other group can take its name.
        everyone()
        document = normalise(given, group_schema())
        now = timezone.now()
        group = Group(created_at=now, updated_at=now)
        fill_group(group, document)
        _refuse_taken(group)
        group.save(force_insert=True)
        closure.enter(group.id)
        _note("group.created", group, actor, after=document)
    return group


def update_group(
    group_id: UUID,
    *,
    actor: Actor,
    display_name: str | None = None,
    external_id: str | None = None,
    resource: dict[str, Any] | None = None,
    version: int | None = None,
) -> Group:
    """Change what is given: the name, the external id, or with `resource` the whole document (RFC 7643).

    What changes nothing writes nothing. Raises `DirectoryRefusal`: invalid, duplicate, missing, protected (Everyone),
    or conflict when `version` is given and is no longer the group's.
    """
    with change():
        group = get_group(group_id)
        refuse_everyone(group, "changed")
        refuse_stale(group, version, "group")
        given = dict(group.resource if resource is None else resource)
        given |= {} if display_name is None else {"displayName": display_name}
        given |= {} if external_id is None else {"externalId": external_id}
        _store(group, normalise(given, group_schema()), actor)
    return group


def _store(group: Group, document: dict[str, Any], actor: Actor) -> None:
    before, after = differences(group.resource, document)
    if not (before or after):
        return
    former = group.display_name
    fill_group(group, document)
    _refuse_taken(group)
    touch_version(group)
    group.save(force_update=True)
    detail: dict[str, Any] = {"attributes": sorted({*before, *after})}
    if former != group.display_name:
        detail["formerDisplayName"] = former
    _note("group.updated", group, actor, detail=detail, before=before, after=after)


def touch_version(group: Group) -> None:
    """Count the version up; the caller saves."""
    group.version += 1
    group.updated_at = timezone.now()


def delete_group(group_id: UUID, *, actor: Actor, version: int | None = None) -> Group:
    """Delete the group, kept as a tombstone. Its users and the groups inside it stay in the directory.

    Raises `DirectoryRefusal`: missing, protected (Everyone), or conflict.
    """
    with change():
        group = get_group(group_id)
        refuse_everyone(group, "deleted")
        refuse_stale(group, version, "group")
        members = sorted(str(one) for one in group.memberships.values_list("user_id", flat=True))
        entry = _journal("group.deleted", group, actor, {"members": len(members)})
        touch_effective_members(entry, top=group.id, bottom=group.id)
        _empty(group)
        touch_version(group)
        group.deleted_at = group.updated_at
        group.save(force_update=True)
        before = {**group.resource, "members": members}
        record(actor, "group.deleted", subject_id=group.id, subject_label=group.display_name, before=before)
    return group


def _empty(group: Group) -> None:
    execute("DELETE FROM directory_membership WHERE group_id = %(group)s", group=group.id)
    Nesting.objects.filter(parent_id=group.id).delete()
    Nesting.objects.filter(child_id=group.id).delete()
    closure.leave(group.id)


def _refuse_taken(group: Group) -> None:
    taken = groups().filter(display_name_key=group.display_name_key).exclude(id=group.id)
    holder = taken.values_list("display_name", flat=True).first()
    if holder is not None:
        raise DirectoryRefusal(
            "displayName",
            f"The group name {shown(group.display_name)} belongs to the group {shown(holder)}: names compare without "
            "case. Choose another name.",
            RefusalKind.DUPLICATE,
        )


def _note(
    event: str,
    group: Group,
    actor: Actor,
    *,
    detail: dict[str, Any] | None = None,
    before: Any = None,
    after: Any = None,
) -> None:
    _journal(event, group, actor, detail or {})
    record(actor, event, subject_id=group.id, subject_label=group.display_name, before=before, after=after)


def _journal(event: str, group: Group, actor: Actor, detail: dict[str, Any]) -> JournalEntry:
    return journal.record(
        event,
        actor=actor,
        subject_id=group.id,
        detail={"displayName": group.display_name, **detail},
        touched=[Touch(kind=Pending.Kind.GROUP, subject_id=group.id)],
    )
