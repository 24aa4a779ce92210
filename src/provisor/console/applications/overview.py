"""The overview of one application."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.applications.lookup import live_policies
from provisor.console.applications.frame import frame
from provisor.console.applications.overview_reading import overview_of
from provisor.console.guard import requires
from provisor.console.health_part import health_part


@require_safe
@requires(Permission.READ)
def overview(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Is it well, what is it doing, and what stands still."""
    context = frame(request, application_id, "overview")
    found = overview_of(context["application"], context["status"])
    context["overview"] = found
    context["health"] = health_part(context["application"])
    if not found.accounts and not found.groups:
        context["has_policy"] = live_policies().filter(application=application_id).exists()
    context["chart"] = ngettext(
        "%(count)d request in the last hour, minute by minute",
        "%(count)d requests in the last hour, minute by minute",
        found.requests,
    ) % {"count": found.requests}
    return render(request, "console/applications/overview.html", context)
