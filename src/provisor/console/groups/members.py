"""The Users field: select, choose an action, see its reach, apply it, and take it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.groups import reading
from provisor.console.groups.forms import QuickAddForm
from provisor.console.groups.pages import users_page
from provisor.console.guard import actor_of, demand, requires
from provisor.console.reach import Reach, reach_of, told
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.shell import undo
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group
from provisor.directory.queries import as_id, find_user

#: Users of one act: more than any page shows.
_MOST = 500
ACTIONS = ("add", "remove")


@dataclass(frozen=True, slots=True)
class Choice:
    """An action on users who were selected; `touched` are those for whom it changes something."""

    group: Group
    action: str
    touched: Sequence[UUID]
    #: Selected users for whom nothing changes: in the group already, or not directly in it.
    idle: int


def _choice(group: Group, values: Any) -> Choice | None:
    """Read the action and the users of a query; None if either is missing."""
    chosen = list(dict.fromkeys(one for one in map(as_id, values.getlist("user")[:_MOST]) if one is not None))
    action = values.get("action")
    if action not in ACTIONS or not chosen:
        return None
    present = set(reading.directly_in(group, chosen))
    touched = [one for one in chosen if (one in present) == (action == "remove")]
    return Choice(group, action, touched, len(chosen) - len(touched))


@require_safe
@requires(Permission.MANAGE_DIRECTORY)
def members_reach(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """What the chosen action would do with the selected users; nothing while one of them is missing."""
    choice = _choice(reading.group_or_404(group_id), request.GET)
    if choice is None:
        return HttpResponse()
    return render(request, "console/reach/reach.html", {"reach": _reach(request, choice)})


def _reach(request: HttpRequest, choice: Choice) -> Reach:
    if not choice.touched:
        return Reach(_does(choice))
    return reach_of(_does(choice), lambda: _do(request, choice))


@require_POST
@requires(Permission.MANAGE_DIRECTORY)
def apply_to_members(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Add the selected users to the group, or remove them from it."""
    group = reading.group_or_404(group_id)
    choice = _choice(group, request.POST)
    if choice is None:
        notices.refused(request, _("Nothing was done: select users and an action first."))
    else:
        _apply(request, choice)
    return redirect(undo.came_from(request, reverse("group", args=[group.id])))


def _apply(request: HttpRequest, choice: Choice) -> None:
    reach = _reach(request, choice)
    if not choice.touched:
        notices.mind(request, _does(choice))
        return
    try:
        _do(request, choice)
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return
    name = "members-added" if choice.action == "add" else "members-removed"
    needs = {"group": str(choice.group.id), "users": [one.hex for one in choice.touched]}
    notices.done(request, told(_did(choice), reach), undo_by=(name, needs))


def _do(request: HttpRequest, choice: Choice) -> None:
    act = add_members if choice.action == "add" else remove_members
    act(choice.group.id, choice.touched, actor=actor_of(request))


def _does(choice: Choice) -> str:
    count, values = len(choice.touched), {"count": len(choice.touched), "name": choice.group.display_name}
    if choice.action == "add":
        said = ngettext("Adds %(count)d person to “%(name)s”.", "Adds %(count)d people to “%(name)s”.", count)
    else:
        said = ngettext(
            "Removes %(count)d person from “%(name)s”.", "Removes %(count)d people from “%(name)s”.", count
        )
    return " ".join(filter(None, (said % values if count else "", _idle(choice))))


def _idle(choice: Choice) -> str:
    if not choice.idle:
        return ""
    if choice.action == "add":
        said = ngettext(
            "%(count)d person is in it already.", "%(count)d people are in it already.", choice.idle
        )
    else:
        said = ngettext(
            "%(count)d person is not directly in it and stays as they are.",
            "%(count)d people are not directly in it and stay as they are.",
            choice.idle,
        )
    return said % {"count": choice.idle}


def _did(choice: Choice) -> str:
    count, values = len(choice.touched), {"count": len(choice.touched), "name": choice.group.display_name}
    if choice.action == "add":
        return (
            ngettext(
                "%(count)d person was added to “%(name)s”.",
                "%(count)d people were added to “%(name)s”.",
                count,
            )
            % values
        )
    return (
        ngettext(
            "%(count)d person was removed from “%(name)s”.",
            "%(count)d people were removed from “%(name)s”.",
            count,
        )
        % values
    )


@require_POST
@requires(Permission.MANAGE_DIRECTORY)
def add_member(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Add one user by the name that was typed; what cannot be stays in the field with the reason."""
    group = reading.group_or_404(group_id)
    form = QuickAddForm(request.POST)
    if form.is_valid():
        try:
            user = find_user(form.cleaned_data["user"])
        except REFUSALS as refusal:
            place_errors(form, refusal, {"id": "user"})
        else:
            _apply_to_one(request, group, user.id)
            return redirect(undo.came_from(request, reverse("group", args=[group.id])))
    return users_page(request, group, form, status=422)


def _apply_to_one(request: HttpRequest, group: Group, user_id: UUID) -> None:
    touched = [] if reading.directly_in(group, [user_id]) else [user_id]
    _apply(request, Choice(group, "add", touched, 1 - len(touched)))


def _take_back(request: HttpRequest, needs: dict[str, Any], action: str) -> str:
    demand(request, Permission.MANAGE_DIRECTORY)
    group = reading.group_or_404(UUID(needs["group"]))
    choice = Choice(group, action, [UUID(one) for one in needs["users"]], 0)
    _do(request, choice)
    return _did(choice)


undo.register("members-added", lambda request, needs: _take_back(request, needs, "remove"))
undo.register("members-removed", lambda request, needs: _take_back(request, needs, "add"))
