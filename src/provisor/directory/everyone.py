"""The built-in group that holds every user: nobody edits it, renames it, nests it or deletes it."""

from django.utils import timezone

from provisor.audit.actor import SYSTEM
from provisor.audit.record import record
from provisor.directory import closure, journal
from provisor.directory.changes import change
from provisor.directory.documents import fill_group
from provisor.directory.models import Group, Pending
from provisor.directory.pending import touch_effective_members
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.statements import execute
from provisor.scim.schemas import GROUP_SCHEMA

NAME = "Everyone"

_ADMIT = """
    INSERT INTO directory_membership (group_id, user_id)
    SELECT %(group)s, id FROM directory_user WHERE deleted_at IS NULL
"""


def everyone() -> Group:
    """Return the group; it is created on first use, with every user that is there already."""
    return Group.objects.filter(is_everyone=True).first() or _create()


def _create() -> Group:
    with change():
        # Another process may have been first while this one waited for its turn.
        found = Group.objects.filter(is_everyone=True).first()
        if found is not None:
            return found
        now = timezone.now()
        group = Group(is_everyone=True, created_at=now, updated_at=now)
        fill_group(group, {"schemas": [GROUP_SCHEMA], "displayName": NAME})
        group.save(force_insert=True)
        closure.enter(group.id)
        execute(_ADMIT, group=group.id)
        _note(group)
        return group


def _note(group: Group) -> None:
    touch = journal.Touch(kind=Pending.Kind.GROUP, subject_id=group.id)
    detail = {"displayName": NAME}
    entry = journal.record("group.created", actor=SYSTEM, subject_id=group.id, detail=detail, touched=[touch])
    touch_effective_members(entry, top=group.id, bottom=group.id)
    record(SYSTEM, "group.created", subject_id=group.id, subject_label=NAME, after=detail)


def refuse_everyone(group: Group, what: str) -> None:
    """Raise `DirectoryRefusal` (protected) if the group is Everyone; `what` completes "cannot be ..."."""
    if group.is_everyone:
        raise DirectoryRefusal(
            "group",
            f'"{NAME}" cannot be {what}: it holds every user, by itself. Make a group of your own for fewer.',
            RefusalKind.PROTECTED,
        )
