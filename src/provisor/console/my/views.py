"""The portal: the list of one's applications, and opening one of them."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from provisor.access.models import Account
from provisor.access.openings import Standing, record_opening, standing
from provisor.access.refused_openings import record_out_of_scope, record_too_weak
from provisor.console.guard import signed_in
from provisor.console.my.leading import lead
from provisor.console.my.reading import tiles
from provisor.console.nearby import local_next, with_query
from provisor.console.policies.wording import sign_in
from provisor.console.shell.context import ON_THE_WAY

_NOT_YOURS = 404


@require_safe
@signed_in
def my_apps(request: HttpRequest) -> HttpResponse:
    """Every application that policies give the person, with what is asked at sign-in."""
    assert isinstance(request.user, Account)
    found = tiles(request, request.user)
    return render(
        request, "console/my/apps.html", {"tiles": found, "waiting": request.session.get(ON_THE_WAY)}
    )


@require_GET
@signed_in
def open_application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Open an application, once the session is strong enough for the policy that decides.

    Asked for directly it is the same: what is missing is asked for first, and a person to whom no policy gives the
    application is told so.
    """
    assert isinstance(request.user, Account)
    found = standing(request, application_id)
    if found is None:
        request.session.pop(ON_THE_WAY, None)
        record_out_of_scope(request.user, application_id, through="portal")
        return render(request, "console/my/not_yours.html", status=_NOT_YOURS)
    if not found.is_enough:
        record_too_weak(request.user, found, through="portal")
        return led(request, found, request.get_full_path())
    request.session.pop(ON_THE_WAY, None)
    if not found.demand.launch_url:
        return render(request, "console/my/no_address.html", {"demand": found.demand}, status=_NOT_YOURS)
    record_opening(request.user, found, through="portal")
    context = {"name": found.demand.application_name, "address": found.demand.launch_url}
    return render(request, "console/my/onward.html", context)


def led(request: HttpRequest, found: Standing, back: str) -> HttpResponse:
    """Straight to the proof that is missing; before something is set up a page says what and why. Then `back`."""
    request.session[ON_THE_WAY] = back
    leads = [lead(step, back) for step in found.steps]
    if not leads[0].enrol:
        return redirect(leads[0].address)
    demand = found.demand
    context = {"demand": demand, "asked": sign_in(demand.login_method, demand.second_factor), "leads": leads}
    return render(request, "console/my/set_up.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def sign_in_anew(request: HttpRequest) -> HttpResponse:
    """Ask, then end the session and begin another: for who has nothing but a mailbox to prove again."""
    back = local_next(request)
    if request.method != "POST":
        return render(request, "console/my/sign_in_anew.html", {"back": back})
    logout(request)
    return redirect(with_query(resolve_url(settings.LOGIN_URL), next=back))


@require_GET
@signed_in
def onward(request: HttpRequest) -> HttpResponse:
    """Go on to an address of this site (`to`) by a page of its own.

    What a form leads to may not be another site (Content-Security-Policy, form-action), redirects on the way
    included; what comes after a page may.
    """
    return render(request, "console/my/onward.html", {"address": local_next(request, "to") or "/"})
