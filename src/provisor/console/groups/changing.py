"""Renaming and deleting one group."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.editing import tell_of_conflict
from provisor.console.groups.forms import RenameForm
from provisor.console.groups.listing import deletion
from provisor.console.groups.reading import group_or_404
from provisor.console.guard import actor_of, requires
from provisor.console.reach import is_asked, is_part, told
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of
from provisor.directory.groups import delete_group as remove_group
from provisor.directory.groups import update_group
from provisor.directory.models import Group


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def rename_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Give the group another name; who changed it meanwhile is named before anything is overwritten."""
    group = group_or_404(group_id)
    form = RenameForm(
        request.POST if request.method == "POST" else None,
        initial={"display_name": group.display_name, "edition": group.version},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _rename(request, group, form)
        except REFUSALS as refusal:
            if is_conflict(refusal):
                tell_of_conflict(request, form, group.id, group_or_404(group_id).version)
            else:
                place_errors(form, refusal, {"displayName": "display_name"})
            return _form(request, group, form, 409 if is_conflict(refusal) else 422)
        return redirect("group", group.id)
    return _form(request, group, form, 422 if form.errors else 200)


def _rename(request: HttpRequest, group: Group, form: RenameForm) -> None:
    renamed = update_group(
        group.id,
        actor=actor_of(request),
        display_name=form.cleaned_data["display_name"],
        version=form.cleaned_data["edition"],
    )
    names = {"former": group.display_name, "name": renamed.display_name}
    notices.done(request, _("The group “%(former)s” is now called “%(name)s”.") % names)


def _form(request: HttpRequest, group: Group, form: RenameForm, status: int) -> HttpResponse:
    return render(request, "console/groups/rename.html", {"group": group, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def delete_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Ask at once; the numbers follow by `?reach=now`. Then delete the group."""
    group = group_or_404(group_id)
    if request.method != "POST":
        reach = deletion([group], actor_of(request)) if is_asked(request) else None
        page = "console/groups/delete_question.html" if is_part(request) else "console/groups/delete.html"
        return render(request, page, {"group": group, "reach": reach})
    reach = deletion([group], actor_of(request))
    try:
        remove_group(group.id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("group", group.id)
    said = _("The group “%(name)s” was deleted.") % {"name": group.display_name}
    notices.done(request, told(said, reach))
    return redirect("groups")
