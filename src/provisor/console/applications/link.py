"""One account or group of an application: as a page, in the side panel, and what is done to it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.applications import link_acts
from provisor.console.applications.frame import frame
from provisor.console.applications.link_reading import find_link, one_link
from provisor.console.forms import ConsoleForm
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.provisioning.models import Link
from provisor.provisioning.operations import OperationRefused, adopt_link
from provisor.provisioning.preview.reading_back import read_now


class AdoptForm(ConsoleForm):
    """Which account of the application is meant."""

    remote_id = forms.CharField(
        label=gettext_lazy("Its id there"),
        max_length=1024,
        help_text=gettext_lazy("As the application calls it: the attribute “id” of its SCIM resource."),
    )


@require_safe
@requires(Permission.READ)
def link(request: HttpRequest, application_id: UUID, link_id: int) -> HttpResponse:
    """The sides of one account, its attempts, and its acts."""
    found = find_link(application_id, link_id)
    return render(request, "console/applications/link.html", _context(request, found))


def _context(request: HttpRequest, found: Link, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    tab = "accounts" if found.kind == "user" else "groups"
    return {
        **frame(request, found.application_id, tab, found.application),
        "one": one_link(found, resource),
        "read": resource is not None,
        "list_address": reverse(f"application-{tab}", args=[found.application_id]),
        "adopt_form": AdoptForm(),
    }


@require_http_methods(["POST"])
@requires(Permission.PROVISION)
def read_link(request: HttpRequest, application_id: UUID, link_id: int) -> HttpResponse:
    """Ask the application what it holds now, and show it beside the rest. It reads only."""
    found = find_link(application_id, link_id)
    resource, refusal = None, ""
    try:
        resource = read_now(link_id)
    except OperationRefused as refused:
        refusal = sentence_of(refused)
    context = _context(request, found, resource) | {"refusal": refusal}
    return render(request, "console/applications/link.html", context, status=409 if refusal else 200)


@require_POST
@requires(Permission.READ)
def act_on_link(request: HttpRequest, application_id: UUID, link_id: int, act: str) -> HttpResponse:
    """Try again, exclude or unlink; the permission of the act is asked where it is applied."""
    found = find_link(application_id, link_id)
    if act not in link_acts.ACTS:
        raise Http404
    link_acts.apply(request, found.application, link_acts.ACTS[act], [found])
    return redirect(reverse("application-link", args=[application_id, link_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def adopt(request: HttpRequest, application_id: UUID, link_id: int) -> HttpResponse:
    """Say which account there it is; Provisor keeps that one in step from then on."""
    found = find_link(application_id, link_id)
    form = AdoptForm(
        request.POST if request.method == "POST" else None, initial={"remote_id": found.remote_id or ""}
    )
    if request.method == "POST" and form.is_valid():
        try:
            adopt_link(link_id, actor=actor_of(request), remote_id=form.cleaned_data["remote_id"])
        except REFUSALS as refusal:
            place_errors(form, refusal, {"": "remote_id"})
        else:
            notices.done(request, _("It is linked. It is read, compared and brought up to date now."))
            return redirect(reverse("application-link", args=[application_id, link_id]))
    context = _context(request, found) | {"form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/applications/adopt.html", context, status=status)
