"""Creating a group, with its first members, and the way straight on to a policy."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.audit.actor import Actor
from provisor.console import notices
from provisor.console.groups.forms import CreateGroupForm
from provisor.console.guard import actor_of, requires
from provisor.console.nearby import local_next, with_query
from provisor.console.refusals import REFUSALS, place_errors
from provisor.directory.groups import create_group as make_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group

#: Places of refusals, and the fields of the form that they belong to.
_FIELDS = {"displayName": "display_name"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def create_group(request: HttpRequest) -> HttpResponse:
    """The form of a new group; `?name=` fills in the name, `?next=` is an address that gets `group=` afterwards."""
    form = CreateGroupForm(
        request.POST if request.method == "POST" else None,
        initial={"display_name": request.GET.get("name", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            group = _create(form, actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal, _FIELDS)
        else:
            return _onward(request, group, len(form.cleaned_data["members"]))
    context = {"form": form, "next": local_next(request)}
    return render(request, "console/groups/create.html", context, status=422 if form.errors else 200)


def _create(form: CreateGroupForm, actor: Actor) -> Group:
    with transaction.atomic():
        group = make_group(form.cleaned_data["display_name"], actor=actor)
        for child in form.cleaned_data["inside"]:
            nest(group.id, child, actor=actor)
        add_members(group.id, form.cleaned_data["members"], actor=actor)
    return group


def _onward(request: HttpRequest, group: Group, count: int) -> HttpResponse:
    said = ngettext(
        "The group “%(name)s” was created with %(count)d user.",
        "The group “%(name)s” was created with %(count)d users.",
        count,
    )
    notices.done(request, said % {"name": group.display_name, "count": count})
    back = local_next(request)
    if back:
        return redirect(with_query(back, group=group.id))
    if "grant" in request.POST:
        return redirect(with_query(reverse("add-policy"), group=group.id))
    if not count:
        notices.mind(request, _("Nobody is in it yet. Add users below."))
    return redirect("group", group.id)
