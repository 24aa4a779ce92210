"""The page that answers why, and why not."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.models import Account
from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.access.principals import of_account
from provisor.applications.lookup import live_applications
from provisor.console.guard import requires
from provisor.console.why.chain import chain_of
from provisor.console.why.forms import OPTIONS, WhyForm
from provisor.console.why.reading import intervals, standings
from provisor.provisioning.why.explain import explanation_of


@require_safe
@requires(Permission.READ)
def why(request: HttpRequest) -> HttpResponse:
    """`?user=` (a user name or an id) and `?application=` (an id) ask; with one of them the other is offered."""
    assert isinstance(request.user, Account)
    applications = list(known(live_applications(), "pk").defer("mappings", "matching").order_by("name_key"))
    form = WhyForm(request.GET.dict(), applications)
    form.is_valid()
    user, application = form.cleaned_data.get("user"), form.cleaned_data.get("application")
    context: dict[str, Any] = {"form": form, "person": user, "application": application, "options": OPTIONS}
    if user is not None and application is not None:
        told = explanation_of(user, application)
        context["chain"] = chain_of(told, user, application, of_account(request.user))
        context["intervals"] = intervals(user, application)
    elif user is not None:
        context["standings"] = standings(user, applications)
    return render(request, "console/why/why.html", context)
