"""The tab Log: every request to the application with its answer."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.applications.attempts import (
    HEADER,
    AttemptFilter,
    causes_of,
    filtered,
    lines_of,
    rows_of,
)
from provisor.console.applications.frame import frame
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.provisioning.models import Attempt, Link


@require_safe
@requires(Permission.READ)
def log(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Attempts, the newest first, as far as the filter asks for them."""
    context = frame(request, application_id, "log")
    form = AttemptFilter(request.GET)
    found = filtered(Attempt.objects.filter(application=application_id), form)
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"log-{application_id}", HEADER, lines_of(found))
    page = page_of(found.defer("request", "response"), request, "-id")
    context |= {
        "form": form,
        "page": page,
        "attempts": rows_of(page.rows),
        "narrowed": any(form.cleaned_data.values()),
    }
    return render(request, "console/applications/log.html", context)


@require_safe
@requires(Permission.READ)
def attempt(request: HttpRequest, application_id: UUID, attempt_id: int) -> HttpResponse:
    """One exchange: the request and the answer as text, its cause, and another try."""
    context = frame(request, application_id, "log")
    found = (
        Attempt.objects.filter(application=application_id, pk=attempt_id).first()
        if attempt_id < 2**63
        else None
    )
    if found is None:
        raise Http404
    link = Link.objects.filter(pk=found.link_id, application=application_id).first() if found.link_id else None  # fmt: skip
    context |= {
        "row": rows_of([found])[0],
        "cause": causes_of([found.entry_id]).get(found.entry_id or 0),
        "link": link,
    }
    return render(request, "console/applications/attempt.html", context)
