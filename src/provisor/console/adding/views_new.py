"""The steps while there is no application yet: the addresses carry the name, so that tabs, Back and reload work."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.profiles import Profile
from provisor.console import notices
from provisor.console.adding.authorizing import authorize, goes_to, page
from provisor.console.adding.basics import (
    BasicsForm,
    choice_of,
    not_started,
    profile_of,
    suggested_name,
)
from provisor.console.adding.connecting import ConnectionForm
from provisor.console.adding.drafts import Draft, drafts_of, find_draft, forget_draft, keep_draft
from provisor.console.adding.steps import steps_before
from provisor.console.adding.testing import Tested, remember
from provisor.console.guard import actor_of, requires


@require_safe
@requires(Permission.ADD_APPLICATIONS)
def basics(request: HttpRequest) -> HttpResponse:
    """Choose the kind of application and its name. Nothing is kept before the next step."""
    search = request.GET.get("q", "")
    choice = choice_of(search, request.GET.get("profile", ""))
    suggested = suggested_name(choice.chosen)
    typed = request.GET.get("name", "")
    name = suggested if typed.strip() in {"", request.GET.get("suggested", "")} else typed
    checked = "check" in request.GET
    data = {"profile": choice.chosen.id, "name": typed if checked else name}
    context = {
        "form": BasicsForm(data) if checked else BasicsForm(initial=data),
        "search": search,
        "choice": choice,
        "suggested": suggested,
        "steps": steps_before("basics", ""),
        "drafts": [{"draft": each, "address": _connection_address(each)} for each in drafts_of(request)],
        "not_started": not_started(),
    }
    return render(request, "console/adding/basics.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@requires(Permission.ADD_APPLICATIONS)
def connection(request: HttpRequest) -> HttpResponse:
    """Say where it is and how to sign in there; saving makes the application, which observes and sends nothing."""
    chosen = BasicsForm(request.GET)
    if not chosen.is_valid():
        return _nameless(request, chosen)
    name, profile = chosen.cleaned_data["name"], profile_of(chosen.cleaned_data["profile"])
    context = _context(request, name, profile)
    if request.method != "POST":
        draft = find_draft(request, name) or Draft(name=name)
        keep_draft(request, replace(draft, name=name, profile=profile.id))
        return page(request, ConnectionForm(initial=_initial(draft, profile), profile=profile), context)
    form = ConnectionForm(request.POST, profile=profile, without_secret="anyway" in request.POST)
    keep_draft(request, _typed(form, name, profile))
    return authorize(request, form, context, lambda report: _create(request, form, name, profile, report))


def _nameless(request: HttpRequest, chosen: BasicsForm) -> HttpResponse:
    """The name is gone or was never one: back to the first step, but not away from a page with secrets in it."""
    if request.method != "POST":
        return redirect(_basics_address(request, check="yes"))
    profile = profile_of(request.GET.get("profile", ""))
    context = _context(request, request.GET.get("name", ""), profile)
    reasons = [str(reason) for reasons in chosen.errors.values() for reason in reasons]
    context |= {"nameless": reasons, "back": _basics_address(request, check="yes")}
    return page(request, ConnectionForm(request.POST, profile=profile), context, 422)


@require_POST
@requires(Permission.ADD_APPLICATIONS)
def forget(request: HttpRequest) -> HttpResponse:
    """Forget a draft."""
    forget_draft(request, request.POST.get("name", ""))
    return redirect("add-application")


def _create(
    request: HttpRequest, form: ConnectionForm, name: str, profile: Profile, report: Tested | None
) -> str:
    application = create_application(
        name=name,
        profile=profile.id,
        base_url=form.cleaned_data["base_url"],
        auth=form.auth(),
        mode=Application.Mode.OBSERVE.value,
        actor=actor_of(request),
    )
    if report is not None:
        remember(application, report)
    forget_draft(request, name)
    notices.done(request, _("%(name)s is saved. Nothing is sent to it until you start it.") % {"name": name})
    return reverse("set-up", args=[application.pk, goes_to(request)])


def _context(request: HttpRequest, name: str, profile: Profile) -> dict[str, Any]:
    return {
        "name": name,
        "profile": profile,
        "steps": steps_before("connection", _basics_address(request)),
        "back": _basics_address(request),
    }


def _typed(form: ConnectionForm, name: str, profile: Profile) -> Draft:
    base_url, method = (str(form.data.get(field, "")) for field in ("base_url", "auth_method"))
    return Draft(name=name, profile=profile.id, base_url=base_url, method=method, values=form.open_texts())


def _initial(draft: Draft, profile: Profile) -> dict[str, str]:
    """What was typed before, or the address of the profile where it is the same for everybody."""
    hint = "" if "{" in profile.base_url_hint else profile.base_url_hint
    method = draft.method or profile.auth_methods[0]
    return {**draft.values, "base_url": draft.base_url or hint, "auth_method": method}


def _connection_address(draft: Draft) -> str:
    query = urlencode({"profile": draft.profile, "name": draft.name})
    return f"{reverse('add-connection')}?{query}"


def _basics_address(request: HttpRequest, **more: str) -> str:
    kept = {name: request.GET[name] for name in ("profile", "name") if name in request.GET}
    return f"{reverse('add-application')}?{urlencode({**kept, **more})}"
