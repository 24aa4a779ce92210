"""The pages: what is going on in every application, and in one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.console import reading
from provisor.console.guard import requires


@require_safe
@requires(Permission.READ)
def home(request: HttpRequest) -> HttpResponse:
    """One row for each application, the latest changes, and how large the directory is."""
    context = {
        "rows": reading.application_rows(),
        "directory": reading.people_and_groups(),
        "changes": reading.latest_changes(),
    }
    return render(request, "console/home.html", context)


@require_safe
@requires(Permission.READ)
def application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Everything of one application that is not in sync, with its reason, and its latest attempts."""
    found = get_object_or_404(Application, pk=application_id, deleted_at=None)
    context = {
        "application": found,
        "status": reading.application_status(found),
        "stuck": reading.stuck_links(found),
        "stuck_shown": reading.STUCK_SHOWN,
        "attempts": reading.latest_attempts(found),
    }
    return render(request, "console/application.html", context)
