"""Activity: the runs and the provisioning log of all applications."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.console.activity import reading
from provisor.console.applications import attempts
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.directory.queries import as_id
from provisor.provisioning.models import Attempt, Run


@require_safe
@requires(Permission.READ)
def activity(request: HttpRequest) -> HttpResponse:
    """The runs of all applications, newest first."""
    chosen = as_id(request.GET.get("application", ""))
    state = request.GET.get("state", "")
    page = page_of(reading.runs(chosen, state), request, "-id")
    context = {
        "tab": "runs",
        "page": page,
        "rows": reading.rows_of(page.rows),
        "applications": reading.choices(),
        "chosen": chosen,
        "state": state,
        "states": Run.State.choices,
        "narrowed": bool(chosen or state),
    }
    return render(request, "console/activity/runs.html", context)


@require_safe
@requires(Permission.READ)
def log(request: HttpRequest) -> HttpResponseBase:
    """Every request to every application with its answer, newest first."""
    form = attempts.AttemptFilter(request.GET)
    found = attempts.filtered(known(Attempt.objects.filter(application__deleted_at=None)), form)
    if request.GET.get("export") == "csv":
        return csv_answer(request, "log", attempts.HEADER, attempts.lines_of(found))
    page = page_of(found.select_related("application").defer("request", "response"), request, "-id")
    context = {
        "tab": "log",
        "form": form,
        "page": page,
        "attempts": attempts.rows_of(page.rows),
        "narrowed": any(form.cleaned_data.values()),
        "show_application": True,
    }
    return render(request, "console/activity/log.html", context)


@require_safe
@requires(Permission.READ)
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run: how far it is or what it did, and its first requests that failed."""
    found = get_object_or_404(
        known(Run.objects.select_related("application")), pk=run_id, application__deleted_at=None
    )
    of_run = Attempt.objects.filter(application_id=found.application_id, run_id=found.id)
    context = {
        "run": found,
        "row": reading.rows_of([found])[0],
        "progress": reading.progress_of(found),
        "attempts": attempts.rows_of(
            of_run.exclude(reason="").defer("request", "response").order_by("-id")[:20]
        ),
    }
    return render(request, "console/activity/run.html", context)


@require_safe
@requires(Permission.READ)
def attempt(request: HttpRequest, attempt_id: int) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Lead to the attempt on its application's log."""
    found = known(Attempt.objects.filter(pk=attempt_id)).first() if attempt_id < 2**63 else None
    if found is None:
        raise Http404
    return redirect("application-attempt", found.application_id, found.id)
