"""Creating, replacing, switching and deleting one user."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory import journal
from provisor.directory.bulk import BulkOutcome, create_users, replace_users
from provisor.directory.changes import change, refuse_stale
from provisor.directory.documents import USER_COLUMNS, differences, fill_user, set_manager
from provisor.directory.everyone import everyone
from provisor.directory.journal import Touch
from provisor.directory.models import Membership, Pending, User
from provisor.directory.pending import touch_effective_groups
from provisor.directory.protection import let_go
from provisor.directory.queries import get_user
from provisor.directory.references import manager_of, refuse_taken_user_name
from provisor.directory.schema import normalise, user_schema

__all__ = [
    "BulkOutcome",
    "create_user",
    "create_users",
    "delete_user",
    "replace_user",
    "replace_users",
    "set_active",
]


def create_user(resource: dict[str, Any], *, actor: Actor) -> User:
    """Create a user from an RFC 7643 resource and put them into Everyone; `active` is true unless it says otherwise.

    Raises `DirectoryRefusal`: invalid, or duplicate when the user name is taken, in whatever case.
    """
    document = normalise(resource, user_schema())
    with change():
        now = timezone.now()
        user = User(created_at=now, updated_at=now)
        fill_user(user, document, manager_of(document, user.id))
        refuse_taken_user_name(user)
        user.save(force_insert=True)
        _join_everyone(user, actor)
        record(actor, "user.created", subject_id=user.id, subject_label=user.user_name, after=document)
    return user


def _join_everyone(user: User, actor: Actor) -> None:
    group_id = everyone().id
    Membership.objects.bulk_create([Membership(group_id=group_id, user_id=user.id)])
    journal.record(
        "user.created",
        actor=actor,
        subject_id=user.id,
        detail={"userName": user.user_name},
        touched=[touch(user.id), Touch(kind=Pending.Kind.MEMBER, subject_id=group_id, other_id=user.id)],
    )


def replace_user(
    user_id: UUID, resource: dict[str, Any], *, actor: Actor, version: int | None = None
) -> User:
    """Make the user what the resource says; attributes that it leaves out are cleared.

    Except `active`: left out, it stays as it is, so that nobody comes back to life by an omission. A resource that
    changes nothing writes nothing. Raises `DirectoryRefusal`: invalid, duplicate, missing, or conflict when `version`
    is given and is no longer the user's.
    """
    document = normalise(resource, user_schema())
    with change():
        user = get_user(user_id)
        refuse_stale(user, version, "user")
        document.setdefault("active", user.active)
        _store(user, document, actor)
    return user


def set_active(user_id: UUID, active: bool, *, actor: Actor, version: int | None = None) -> User:
    """Enable or disable the user; memberships stay. What is so already writes nothing."""
    with change():
        user = get_user(user_id)
        refuse_stale(user, version, "user")
        _store(user, {**user.resource, "active": active}, actor)
    return user


def _store(user: User, document: dict[str, Any], actor: Actor) -> None:
    old = user.resource
    was, name = user.active, user.user_name
    fill_user(user, document, manager_of(document, user.id))
    before, after = differences(old, document)
    if not (before or after):
        user.resource = old
        return
    refuse_taken_user_name(user)
    if was and not user.active:
        let_go([user.id])
    event = "user.updated" if was == user.active else "user.enabled" if user.active else "user.disabled"
    _save(user, USER_COLUMNS)
    detail: dict[str, Any] = {"userName": user.user_name, "attributes": sorted({*before, *after})}
    if name != user.user_name:
        detail["formerUserName"] = name
    journal.record(event, actor=actor, subject_id=user.id, detail=detail, touched=[touch(user.id)])
    record(actor, event, subject_id=user.id, subject_label=user.user_name, before=before, after=after)


def _save(user: User, columns: Iterable[str]) -> None:
    user.version += 1
    user.updated_at = timezone.now()
    user.save(force_update=True, update_fields=[*columns, "version", "updated_at"])


def delete_user(user_id: UUID, *, actor: Actor, version: int | None = None) -> User:
    """Delete the user: out of every group, inactive, and kept as a tombstone while applications are cleaned up.

    Whoever had this user as manager has none afterwards. Raises `DirectoryRefusal`: missing or conflict.
    """
    with change():
        user = get_user(user_id)
        refuse_stale(user, version, "user")
        let_go([user.id])
        _clear_reports(user, actor)
        detail = {"userName": user.user_name}
        entry = journal.record(
            "user.deleted",
            actor=actor,
            subject_id=user.id,
            detail=detail,
            touched=[touch(user.id)],
        )
        touch_effective_groups(entry, user.id)
        groups = sorted(str(one) for one in user.memberships.values_list("group_id", flat=True))
        user.memberships.all().delete()
        before = user.resource
        user.active, user.deleted_at = False, timezone.now()
        user.resource = {**before, "active": False}
        _save(user, ("active", "deleted_at", "resource"))
        record(
            actor,
            "user.deleted",
            subject_id=user.id,
            subject_label=user.user_name,
            before={**before, "groups": groups},
        )
    return user


def _clear_reports(manager: User, actor: Actor) -> None:
    """A reference to nobody would be refused with the report's next change, and be sent to applications before."""
    reports = User.objects.filter(manager_id=manager.id, deleted_at__isnull=True)
    changes = [(report, set_manager(report.resource, None)) for report in reports]
    replace_users(changes, actor=actor, event="user.manager_cleared")


def touch(user_id: UUID) -> Touch:
    """Say that the user's attributes, activity or existence changed."""
    return Touch(kind=Pending.Kind.USER, subject_id=user_id)
