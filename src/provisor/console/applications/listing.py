"""The list of applications."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.applications.lookup import live_applications, live_policies
from provisor.applications.models import Application
from provisor.console.applications.frame import profile_name
from provisor.console.applications.named import typed
from provisor.console.guard import requires
from provisor.console.keyset import Page, page_of
from provisor.directory.names import fold
from provisor.provisioning.queries import application_statuses

#: Longest text that is searched for.
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list."""

    application: Application
    status: dict[str, Any]
    profile: str
    policies: int


@require_safe
@requires(Permission.READ)
def applications(request: HttpRequest) -> HttpResponse:
    """All applications in the order of their names, or those that a search finds."""
    text = typed(request.GET.get("q", ""), _LONGEST)
    found = known(live_applications(), "pk")
    if text:
        found = found.filter(name_key__contains=fold(text))
    page = page_of(found, request, "name_key", "id")
    context = {
        "page": page,
        "rows": _listed(page),
        "text": text,
    }
    return render(request, "console/applications/list.html", context)


def _listed(page: Page[Application]) -> list[Listed]:
    ids = [each.id for each in page.rows]
    statuses = application_statuses(ids)
    policies = dict(
        live_policies()
        .filter(application__in=ids)
        .values_list("application")
        .annotate(count=Count("id"))
        .order_by()
    )
    return [
        Listed(each, statuses[each.id], profile_name(each.profile), policies.get(each.id, 0))
        for each in page.rows
    ]
