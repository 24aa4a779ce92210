"""The tab Policies: which groups have the application."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.applications.lookup import live_policies
from provisor.applications.models import Policy
from provisor.console.applications.frame import frame
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.directory.models import Closure


@dataclass(frozen=True, slots=True)
class Granted:
    """One policy with how many people it brings."""

    policy: Policy
    members: int


@require_safe
@requires(Permission.READ)
def policies(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The policies of this application."""
    context = frame(request, application_id, "policies")
    found = live_policies().filter(application=application_id).select_related("group")
    page = page_of(found, request, "name", "id")
    members = _members([each.group_id for each in page.rows])
    context |= {"page": page, "rows": [Granted(each, members.get(each.group_id, 0)) for each in page.rows]}
    return render(request, "console/applications/policies.html", context)


def _members(groups: list[UUID]) -> dict[UUID, int]:
    """How many users are in each group or in a group inside it; each of them once."""
    found = Closure.objects.filter(ancestor__in=groups).values_list("ancestor_id")
    counted = found.annotate(count=Count("descendant__memberships__user", distinct=True))
    return dict(counted.order_by())
