"""Names to choose from while somebody types: a few at a time, whatever the directory's size."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.guard import requires
from provisor.console.users.filters import beginning_with, narrowed
from provisor.directory import names
from provisor.directory.models import Group, User
from provisor.directory.queries import as_id, groups, users

FEW = 12
_LONGEST = 255


def _typed(request: HttpRequest, *parameters: str) -> str:
    """What was typed, under whichever name the field has, without what no name can hold."""
    text = next((request.GET[name] for name in parameters if request.GET.get(name)), "")
    return text.replace("\0", "").encode(errors="ignore").decode().strip()[:_LONGEST]


@require_safe
@requires(Permission.READ)
def people(request: HttpRequest) -> HttpResponse:
    """Options of a field that takes a user."""
    found = found_people(_typed(request, "manager", "q"))
    options = [(one.user_name, one.display_name) for one in found]
    return render(request, "console/users/options.html", {"options": options})


@require_safe
@requires(Permission.READ)
def group_names(request: HttpRequest) -> HttpResponse:
    """Options of a field that takes a group."""
    found = found_groups(_typed(request, "to_group", "group", "q"))
    options = [(one.display_name, "") for one in found[:FEW]]
    return render(request, "console/users/options.html", {"options": options})


@require_safe
@requires(Permission.READ)
def groups_to_join(request: HttpRequest) -> HttpResponse:
    """Boxes of groups: those that are checked already first, then those that hold what was typed (`?find=`)."""
    boxes = group_boxes(request.GET.getlist("groups"), _typed(request, "find"))
    return render(request, "console/users/group_boxes.html", {"boxes": boxes})


def found_people(text: str) -> QuerySet[User]:
    """Return the first users with a name that begins so; none before anything is typed."""
    found = narrowed(beginning_with(text)) if text else users().none()
    return found.only("id", "user_name", "display_name").order_by("user_name_key")[:FEW]


def found_groups(text: str) -> QuerySet[Group]:
    """Return the groups that hold the text, all without one; Everyone is left out, since nobody joins it by hand."""
    found = groups().filter(is_everyone=False)
    return (found.filter(display_name_key__contains=names.fold(text)) if text else found).order_by(
        "display_name_key"
    )


def group_boxes(checked: Iterable[object], text: str = "") -> list[tuple[Group, bool]]:
    """Return groups to show, each with whether it is checked."""
    ids = [one for each in checked if (one := as_id(each)) is not None]
    chosen = list(found_groups("").filter(id__in=ids)) if ids else []
    others = found_groups(text).exclude(id__in=ids)[:FEW]
    return [*((one, True) for one in chosen), *((one, False) for one in others)]
