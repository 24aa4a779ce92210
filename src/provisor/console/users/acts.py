"""What can be done with users who were chosen: each act with its words, its service and its way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from provisor.audit.actor import Actor
from provisor.directory.bulk import RUN, replace_users
from provisor.directory.changes import change
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, Membership, User
from provisor.directory.queries import users
from provisor.directory.statements import batches
from provisor.directory.users import delete_user

#: Called after each run with how many users are done; may raise to stop.
Report: TypeAlias = Callable[[int, int], None]
#: Deletes of one transaction: each touches every group of its user.
_DELETES = 50
#: Users whose act is rehearsed: so many take the database's write lock for about a quarter of a second. Of more, their
#: accounts are counted.
_REHEARSED, _REHEARSED_DELETES = 100, 5


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `button` and `done` say it with the number of users; `undo` names the act that takes it back."""

    name: str
    label: Promise
    button: Callable[[int], str]
    done: Callable[[int], str]
    needs_group: bool = False
    undo: str = ""
    #: Users up to whom the act is rehearsed.
    rehearsed: int = _REHEARSED
    #: What it asks of a user to whom it changes anything.
    whom: Callable[[Group | None], Q] = lambda _group: Q()

    def fits(self, ids: Sequence[UUID], group: Group | None) -> list[UUID]:
        """Return those of these users to whom it changes anything."""
        wanted = self.whom(group)
        return [
            one
            for some in batches(ids)
            for one in users().filter(wanted, id__in=some).values_list("id", flat=True)
        ]


def _is_in(group: Group | None) -> Q:
    assert group is not None
    return Q(Exists(Membership.objects.filter(group=group, user=OuterRef("pk"))))


def _numbered(singular: str, plural: str) -> Callable[[int], str]:
    return lambda count: ngettext(singular, plural, count) % {"count": f"{count:,}"}


DEACTIVATE = Act(
    "deactivate",
    _("Deactivate"),
    _numbered("Deactivate %(count)s user", "Deactivate %(count)s users"),
    _numbered("%(count)s user was deactivated.", "%(count)s users were deactivated."),
    undo="activate",
    whom=lambda _group: Q(active=True),
)
ACTIVATE = Act(
    "activate",
    _("Activate"),
    _numbered("Activate %(count)s user", "Activate %(count)s users"),
    _numbered("%(count)s user was activated.", "%(count)s users were activated."),
    undo="deactivate",
    whom=lambda _group: Q(active=False),
)
DELETE = Act(
    "delete",
    _("Delete"),
    _numbered("Delete %(count)s user", "Delete %(count)s users"),
    _numbered("%(count)s user was deleted.", "%(count)s users were deleted."),
    rehearsed=_REHEARSED_DELETES,
)
ADD = Act(
    "add-to-group",
    _("Add to a group…"),
    _numbered("Add %(count)s user", "Add %(count)s users"),
    _numbered("%(count)s user was added to the group.", "%(count)s users were added to the group."),
    needs_group=True,
    undo="remove-from-group",
    whom=lambda group: ~_is_in(group),
)
REMOVE = Act(
    "remove-from-group",
    _("Remove from a group…"),
    _numbered("Remove %(count)s user", "Remove %(count)s users"),
    _numbered("%(count)s user was removed from the group.", "%(count)s users were removed from the group."),
    needs_group=True,
    undo="add-to-group",
    whom=_is_in,
)
ACTS = (DEACTIVATE, ACTIVATE, ADD, REMOVE, DELETE)
BY_NAME = {act.name: act for act in ACTS}


def perform(
    act: Act, ids: Sequence[UUID], group: Group | None, *, actor: Actor, report: Report | None = None
) -> int:
    """Do it run by run, each one transaction; return how many users it changed.

    Who is so already, or was deleted meanwhile, is passed over. Raises `DirectoryRefusal` when the group cannot be
    edited, and whatever `report` raises between two runs.
    """
    size = _DELETES if act is DELETE else RUN
    changed = 0
    for start in range(0, len(ids), size):
        changed += _run(act, ids[start : start + size], group, actor)
        if report is not None:
            report(min(start + size, len(ids)), len(ids))
    return changed


def _run(act: Act, ids: Sequence[UUID], group: Group | None, actor: Actor) -> int:
    with change():
        fitting = act.fits(ids, group)
        if act is DELETE:
            for one in fitting:
                delete_user(one, actor=actor)
            return len(fitting)
        if act in (ACTIVATE, DEACTIVATE):
            return _switch(fitting, actor, active=act is ACTIVATE)
        assert group is not None
        change_members = add_members if act is ADD else remove_members
        return change_members(group.id, fitting, actor=actor)


def _switch(ids: Sequence[UUID], actor: Actor, *, active: bool) -> int:
    found: list[User] = [user for some in batches(ids) for user in users().filter(id__in=some)]
    event = "user.enabled" if active else "user.disabled"
    replace_users([(user, {**user.resource, "active": active}) for user in found], actor=actor, event=event)
    return len(found)
