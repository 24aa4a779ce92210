"""The tabs Accounts and Groups, and what is done to a selection of their rows."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.applications import link_acts
from provisor.console.applications.frame import frame
from provisor.console.applications.links_reading import (
    HEADER,
    LinkFilter,
    lines_of,
    links_of,
    page_of_links,
    rows_of,
)
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.shell.undo import came_from
from provisor.provisioning.models import Kind, Link


@require_safe
@requires(Permission.READ)
def accounts(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Users of the directory with what stands for them there."""
    return _links(request, application_id, Kind.USER)


@require_safe
@requires(Permission.READ)
def groups(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Groups of the directory with what stands for them there."""
    return _links(request, application_id, Kind.GROUP)


def _links(request: HttpRequest, application_id: UUID, kind: Kind) -> HttpResponseBase:
    tab = "accounts" if kind == Kind.USER else "groups"
    context = frame(request, application_id, tab)
    form = LinkFilter(request.GET)
    found = links_of(application_id, kind, form)
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"{tab}-{application_id}", HEADER, lines_of(found))
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    page = page_of_links(found, request, narrowed=bool(chosen))
    context |= {
        "form": form,
        "page": page,
        "rows": rows_of(page.rows),
        "kind": kind.value,
        "narrowed": bool(chosen),
        "reason": chosen.get("reason", ""),
        "acts": link_acts.allowed_acts(request),
        "list_address": reverse(f"application-{tab}", args=[application_id]),
    }
    return render(request, "console/applications/links.html", context)


@require_safe
@requires(Permission.READ)
def links_reach(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What the chosen act will do to the chosen rows, before *Apply*."""
    context = frame(request, application_id, "")
    chosen = link_acts.chosen_links(request, application_id)
    sentence = link_acts.reach(request.GET.get("action", ""), len(chosen), context["application"])
    return render(request, "console/applications/reach.html", {"sentence": sentence})


@require_POST
@requires(Permission.READ)
def act_on_links(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Do one act to the chosen rows; the act's own permission is asked where it is applied."""
    application = frame(request, application_id, "")["application"]
    act = link_acts.ACTS.get(request.POST.get("action", ""))
    chosen: list[Link] = link_acts.chosen_links(request, application_id)
    if act is None:
        notices.refused(request, _("Nothing was done: choose an action first."))
    elif not chosen:
        notices.refused(request, _("Nothing was done: select at least one row first."))
    else:
        link_acts.apply(request, application, act, chosen)
    return redirect(came_from(request, reverse("application-accounts", args=[application_id])))
