"""The home page, and the page of what needs a person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from provisor.access.models import Account
from provisor.access.permissions import Permission, allows
from provisor.console.guard import may, requires, signed_in
from provisor.console.home import reading
from provisor.console.home.found import findings
from provisor.console.home.needs import needs
from provisor.console.home.page import page


@require_safe
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What is going on; for who administers nothing, their applications."""
    assert isinstance(request.user, Account)
    return page(request) if allows(request.user.role, Permission.READ) else redirect("my-apps")


@require_safe
@requires(Permission.READ)
def needs_you(request: HttpRequest) -> HttpResponse:
    """Everything that needs whoever looks; of the rest only how much it is."""
    every = needs(reading.application_rows(), findings())
    own = [need for need in every if may(request, need.takes)]
    return render(request, "console/home/needs_you.html", {"needs": own, "others": len(every) - len(own)})
