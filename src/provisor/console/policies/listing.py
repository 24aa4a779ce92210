"""The list of policies: which group gets which application."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.applications.lookup import live_applications
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.console.policies.reading import filter_of, found_policies, policy_or_404, rows
from provisor.console.policies.standing import standing_of


@require_safe
@requires(Permission.READ)
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every policy, by name; `?q=`, `?application=` and `?group=` filter."""
    of = filter_of(request)
    page = page_of(found_policies(of), request, "name", "id")
    context = {"page": page, "rows": rows(page.rows), "of": of}
    context["applications"] = known(live_applications(), "pk").order_by("name_key").only("id", "name")
    return render(request, "console/policies/list.html", context)


@require_safe
@requires(Permission.READ)
def policy_accounts(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """The bar of one policy's accounts: of a large one it is asked for when its row is seen."""
    policy = policy_or_404(policy_id)
    context = {"policy": policy, "standing": standing_of(policy)}
    return render(request, "console/policies/accounts.html", context)
