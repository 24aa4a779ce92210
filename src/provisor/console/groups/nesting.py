"""Groups into a group and out of it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.groups import reading
from provisor.console.groups.forms import PutInsideForm
from provisor.console.groups.pages import inside_page
from provisor.console.guard import actor_of, demand, requires
from provisor.console.reach import Reach, is_asked, is_part, reach_of, told
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.shell import undo
from provisor.directory.memberships import nest, unnest
from provisor.directory.models import Group
from provisor.directory.queries import find_group
from provisor.provisioning.rehearsal.rehearsal import Rehearsal
from provisor.provisioning.rehearsal.rehearsal_count import crowded


@require_safe
@requires(Permission.MANAGE_DIRECTORY)
def inside_reach(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """What putting the named group (`?group=`) inside would do; nothing until the name is a group's."""
    group = reading.group_or_404(group_id)
    try:
        child = find_group(reading.searched(request, "group"))
    except REFUSALS:
        return HttpResponse()
    return render(request, "console/reach/reach.html", {"reach": _putting(request, group, child)})


def _putting(request: HttpRequest, group: Group, child: Group) -> Reach:
    does = _("Puts “%(child)s” inside “%(name)s”.") % {
        "child": child.display_name,
        "name": group.display_name,
    }
    return reach_of(
        does, lambda: nest(group.id, child.id, actor=actor_of(request)), crowd=lambda: _crowd(group, child)
    )


def _taking(request: HttpRequest, group: Group, child: Group) -> Reach:
    does = _("Takes “%(child)s” out of “%(name)s”.") % {
        "child": child.display_name,
        "name": group.display_name,
    }
    return reach_of(
        does, lambda: unnest(group.id, child.id, actor=actor_of(request)), crowd=lambda: _crowd(group, child)
    )


def _crowd(group: Group, child: Group) -> Rehearsal | None:
    """Count whom it may reach where very many people are in the child. Everyone is refused, whoever is in it."""
    return None if group.is_everyone or child.is_everyone else crowded([child.id], [group.id])


@require_POST
@requires(Permission.MANAGE_DIRECTORY)
def put_inside(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Put the group that was named inside; a circle is refused with the groups that would close it."""
    group = reading.group_or_404(group_id)
    form = PutInsideForm(request.POST)
    if form.is_valid():
        try:
            child = find_group(form.cleaned_data["group"])
            reach = _putting(request, group, child)
            fresh = nest(group.id, child.id, actor=actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal, {"id": "group", "members": "group"})
        else:
            _tell_put(request, group, child, reach, fresh=fresh)
            return redirect("group-inside", group.id)
    return inside_page(request, group, form, status=422)


def _tell_put(request: HttpRequest, group: Group, child: Group, reach: Reach, *, fresh: bool) -> None:
    names = {"child": child.display_name, "name": group.display_name}
    if not fresh:
        notices.mind(request, _("“%(child)s” is inside “%(name)s” already.") % names)
        return
    said = _("“%(child)s” was put inside “%(name)s”.") % names
    notices.done(request, told(said, reach), undo_by=("group-nested", _needs(group, child)))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def take_out(request: HttpRequest, group_id: UUID, child_id: UUID) -> HttpResponse:
    """Ask at once, what it does follows by `?reach=now`; then take the group out."""
    group, child = reading.group_or_404(group_id), reading.group_or_404(child_id)
    if request.method != "POST":
        reach = _taking(request, group, child) if is_asked(request) else None
        page = "console/groups/take_out_question.html" if is_part(request) else "console/groups/take_out.html"
        return render(request, page, {"group": group, "child": child, "reach": reach})
    reach = _taking(request, group, child)
    try:
        gone = unnest(group.id, child.id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        _tell_taken(request, group, child, reach, gone=gone)
    return redirect("group-inside", group.id)


def _tell_taken(request: HttpRequest, group: Group, child: Group, reach: Reach, *, gone: bool) -> None:
    names = {"child": child.display_name, "name": group.display_name}
    if not gone:
        notices.mind(request, _("“%(child)s” is not directly inside “%(name)s” any more.") % names)
        return
    said = _("“%(child)s” was taken out of “%(name)s”.") % names
    notices.done(request, told(said, reach), undo_by=("group-unnested", _needs(group, child)))


def _needs(group: Group, child: Group) -> dict[str, Any]:
    return {"group": str(group.id), "child": str(child.id)}


def _undo(request: HttpRequest, needs: dict[str, Any], *, put: bool) -> str:
    demand(request, Permission.MANAGE_DIRECTORY)
    group, child = reading.group_or_404(UUID(needs["group"])), reading.group_or_404(UUID(needs["child"]))
    (nest if put else unnest)(group.id, child.id, actor=actor_of(request))
    names = {"child": child.display_name, "name": group.display_name}
    said = (
        _("“%(child)s” is inside “%(name)s” again.") if put else _("“%(child)s” is out of “%(name)s” again.")
    )
    return said % names


undo.register("group-nested", lambda request, needs: _undo(request, needs, put=False))
undo.register("group-unnested", lambda request, needs: _undo(request, needs, put=True))
