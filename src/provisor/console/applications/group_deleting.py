"""A group that no policy pushes any more: it stays there until a person has it deleted, after the number was shown."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.applications.frame import frame
from provisor.console.applications.link_reading import find_link
from provisor.console.applications.named import names_of
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.provisioning.drift.group_deletion import delete_group_there, is_left_there, why_not_deleted
from provisor.provisioning.models import Link, LinkMember


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def delete_there(request: HttpRequest, application_id: UUID, link_id: int) -> HttpResponse:
    """Say how many lose the membership, then have the group deleted."""
    link = find_link(application_id, link_id)
    named = names_of([link.local_id]).get(link.local_id)
    name = named.name if named else str(link.remote_id)
    if request.method == "POST":
        return _delete(request, link, name)
    if not is_left_there(link):
        raise Http404
    context = frame(request, application_id, "groups") | {
        "link": link,
        "name": name,
        "members": LinkMember.objects.filter(link=link, remote_id__isnull=False).count(),
        "why_not": why_not_deleted(link.application),
    }
    return render(request, "console/applications/delete_there.html", context)


def _delete(request: HttpRequest, link: Link, name: str) -> HttpResponse:
    try:
        delete_group_there(link.id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect(reverse("application-link", args=[link.application_id, link.id]))
    said = _("%(name)s is being deleted in %(application)s.")
    notices.done(request, said % {"name": name, "application": link.application.name})
    return redirect(reverse("application-groups", args=[link.application_id]))
