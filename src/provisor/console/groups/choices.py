"""Names to choose from while somebody types: a few options of users or groups, whatever the directory's size."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.groups.reading import found_groups, searched
from provisor.console.guard import requires
from provisor.directory.names import fold
from provisor.directory.queries import users

#: Options at a time.
FEW = 20


@require_safe
@requires(Permission.READ)
def user_choices(request: HttpRequest) -> HttpResponse:
    """Options of users whose user name begins with what was typed (`?user=`)."""
    found = users().filter(user_name_key__startswith=fold(searched(request, "user")))
    options = list(found.order_by("user_name_key").values_list("user_name", "display_name")[:FEW])
    return render(request, "console/groups/options.html", {"options": options})


@require_safe
@requires(Permission.READ)
def group_choices(request: HttpRequest) -> HttpResponse:
    """Options of groups whose name holds what was typed (`?group=`)."""
    options = [(name, "") for name in group_names(searched(request, "group"))]
    return render(request, "console/groups/options.html", {"options": options})


def group_names(text: str = "") -> list[str]:
    """Return the first names of groups that hold the text."""
    return list(found_groups(text).order_by("display_name_key").values_list("display_name", flat=True)[:FEW])
