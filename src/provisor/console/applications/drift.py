"""The tab Drift: what an application holds otherwise than it should, the scan that finds it, and what is set for it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.applications import drift_reading as reading
from provisor.console.applications.drift_forms import DriftFilter, DriftForm
from provisor.console.applications.finding_acts import allowed_acts
from provisor.console.applications.frame import frame
from provisor.console.applications.links_reading import rows_of
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.provisioning.models import Link

PARTED = (Link.State.CONFLICT, Link.State.MISSING)
#: Links that provisioning itself found to be gone or taken; the tab Accounts has all of them.
MOST = 20


@require_safe
@requires(Permission.READ)
def drift(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Findings, the latest scan, the settings, and links whose account is gone or somebody else's."""
    context = frame(request, application_id, "drift")
    wanted = DriftFilter(request.GET)
    page = page_of(reading.found(application_id, wanted), request, "id")
    parted = Link.objects.filter(application=application_id, state__in=PARTED)
    context |= {
        "scan": reading.scan_of(application_id),
        "counts": reading.counts_of(application_id),
        "filter": wanted,
        "narrowed": wanted.is_narrowed,
        "page": page,
        "findings": reading.rows_of(page.rows),
        "acts": allowed_acts(request),
        "form": DriftForm(initial=reading.settings_of(context["application"])),
        "parted": rows_of(parted.defer("sent", "observed", "intent", "doubt").order_by("id")[:MOST]),
    }
    return render(request, "console/applications/drift.html", context)
