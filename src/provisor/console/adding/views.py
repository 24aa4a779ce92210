"""The steps of an application that is there and not started yet; one that was started has its own pages."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.permissions import Permission
from provisor.applications.applications import update_application
from provisor.applications.credentials import OpenCredential, open_credential
from provisor.applications.lookup import live_applications, live_policies
from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal
from provisor.console import notices
from provisor.console.adding.authorizing import authorize, goes_to, overtaken_by, page, renew_edition
from provisor.console.adding.basics import RenameForm, profile_of
from provisor.console.adding.connecting import ChangedConnectionForm, field_name, open_values
from provisor.console.adding.reviewing import foresee, start
from provisor.console.adding.steps import STEPS, next_step, steps_of
from provisor.console.adding.testing import Tested, remember
from provisor.console.guard import actor_of, may, requires
from provisor.console.mapping.editor import editor, save_mapping
from provisor.console.mapping.features import features, save_features
from provisor.console.refusals import is_conflict, place_errors, sentence_of
from provisor.directory.models import Closure, Membership
from provisor.scim.authentication import METHODS
from provisor.vault.keys import VaultError

_WRONG = 422
_CONFLICT = 409
#: Digits of a version; more than that no row has.
_LONGEST_EDITION = 9
#: Where each step is found once the application was started.
_STARTED: Final[Mapping[str, str]] = {
    "basics": "application-settings",
    "connection": "application-settings",
    "mapping": "application-mapping",
    "features": "application-features",
    "review": "application-plan",
}


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@requires(Permission.MANAGE_APPLICATIONS)
def set_up(request: HttpRequest, application_id: UUID, step: str) -> HttpResponse:
    """One step of an application that only observes. "done" says what comes next."""
    application = _application(application_id)
    if step == "done":
        return _done(request, application)
    if step not in STEPS:
        raise Http404
    if application.mode == Application.Mode.ENFORCE:
        return redirect(_STARTED[step], application.pk)
    return _VIEWS[step](request, application)


@require_safe
@requires(Permission.MANAGE_APPLICATIONS)
def plan(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The plan of the last step, as a part: it takes longer than the page when many people are due."""
    application = _application(application_id)
    context = {"foreseen": foresee(application), **_context(application, "review")}
    return render(request, "console/adding/plan.html", context)


def _application(application_id: UUID) -> Application:
    application = live_applications().filter(pk=application_id).first()
    if application is None:
        raise Http404
    return application


def _context(application: Application, step: str) -> dict[str, Any]:
    return {
        "application": application,
        "name": application.name,
        "profile": profile_of(application.profile),
        "steps": steps_of(application, step),
        "has_credentials": application.credentials.exists(),
    }


def _basics(request: HttpRequest, application: Application) -> HttpResponse:
    initial = {"name": application.name, "edition": application.version}
    form = RenameForm(request.POST or None, initial=initial, application=application)
    context = {"form": form, **_context(application, "basics")}
    if request.method != "POST" or not form.is_valid():
        status = _WRONG if request.method == "POST" else 200
        return render(request, "console/adding/renaming.html", context, status=status)
    name, edition = form.cleaned_data["name"], form.cleaned_data["edition"]
    try:
        update_application(application.pk, {"name": name}, actor=actor_of(request), version=edition)
    except ConfigurationRefusal as refusal:
        if is_conflict(refusal):
            renew_edition(form, application)
            context["conflict"] = overtaken_by(application)
            return render(request, "console/adding/renaming.html", context, status=_CONFLICT)
        place_errors(form, refusal)
        return render(request, "console/adding/renaming.html", context, status=_WRONG)
    return redirect("set-up", application.pk, next_step("basics"))


def _connection(request: HttpRequest, application: Application) -> HttpResponse:
    stored = _stored(application)
    known: dict[str, Any] = {
        "profile": profile_of(application.profile),
        "stored": stored,
        "at": application.base_url,
    }
    context = {
        **_context(application, "connection"),
        "back": reverse("set-up", args=[application.pk, "basics"]),
        "stored": stored,
    }
    if request.method != "POST":
        return page(request, ChangedConnectionForm(initial=_initial(application, stored), **known), context)
    form = ChangedConnectionForm(request.POST, without_secret="anyway" in request.POST, **known)
    return authorize(
        request, form, context, lambda report: _save(request, form, application, report), application
    )


def _save(
    request: HttpRequest, form: ChangedConnectionForm, application: Application, report: Tested | None
) -> str:
    changes: dict[str, Any] = {"base_url": form.cleaned_data["base_url"]}
    auth = form.auth()
    if auth is not None:
        changes["auth"] = auth
    edition = form.cleaned_data["edition"]
    changed = update_application(
        application.pk,
        changes,
        actor=actor_of(request),
        version=edition,
        may_loosen=may(request, Permission.LOOSEN_PROTECTIONS),
    )
    if report is not None and auth is not None:
        remember(changed, report)
    return reverse("set-up", args=[application.pk, goes_to(request)])


def _stored(application: Application) -> OpenCredential | None:
    """What is stored, if it opens; what does not has to be typed again."""
    try:
        stored = open_credential(application.pk)
    except VaultError:
        return None
    return stored if stored is not None and stored.method in METHODS else None


def _initial(application: Application, stored: OpenCredential | None) -> dict[str, Any]:
    values = open_values(stored) if stored else {}
    method = stored.method if stored else application.auth_method
    return {
        "base_url": application.base_url,
        "auth_method": method,
        "edition": application.version,
        **{field_name(method, name): text for name, text in values.items()},
    }


def _mapping(request: HttpRequest, application: Application) -> HttpResponse:
    return _edited(request, application, "mapping", editor, save_mapping)


def _features(request: HttpRequest, application: Application) -> HttpResponse:
    shown, save = partial(features, without_mode=True), partial(save_features, without_mode=True)
    return _edited(request, application, "features", shown, save)


def _edited(
    request: HttpRequest,
    application: Application,
    step: str,
    shown: Callable[[HttpRequest, Application], dict[str, Any]],
    save: Callable[[HttpRequest, Application], dict[str, Any] | bool],
) -> HttpResponse:
    """A step whose form is the one of the application's own tab."""
    context, status = None, 200
    if request.method == "POST":
        outcome = save(request, application)
        if outcome is True:
            return redirect("set-up", application.pk, next_step(step))
        context, status = outcome, _WRONG
    parts = {"step": step, "next": next_step(step), **_context(application, step)}
    answer = {**parts, **(context or shown(request, application))}
    return render(request, f"console/adding/{step}.html", answer, status=status)


def _review(request: HttpRequest, application: Application) -> HttpResponse:
    if request.method == "POST":
        return _go(request, application)
    context = _context(application, "review")
    if request.GET.get("plan"):
        context["foreseen"] = foresee(application)
    return render(request, "console/adding/review.html", context)


def _go(request: HttpRequest, application: Application) -> HttpResponse:
    """Start, if what was seen is still what would happen; or leave it observing."""
    if request.POST.get("do") != "start":
        return redirect("set-up", application.pk, "done")
    foreseen = foresee(application)
    if foreseen.problem or foreseen.seen != request.POST.get("seen"):
        notices.mind(
            request,
            _("The plan is not the one any more that you have seen: look at it again. Nothing was started."),
        )
        return redirect("set-up", application.pk, "review")
    try:
        start(application, actor=actor_of(request), version=_edition(request))
    except ConfigurationRefusal as refusal:
        sentence = overtaken_by(application) if is_conflict(refusal) else sentence_of(refusal)
        notices.refused(request, sentence)
        return redirect("set-up", application.pk, "review")
    return redirect("set-up", application.pk, "done")


def _edition(request: HttpRequest) -> int:
    text = request.POST.get("edition", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_EDITION else 0


def _done(request: HttpRequest, application: Application) -> HttpResponse:
    granted = live_policies().filter(application=application)
    groups = Closure.objects.filter(ancestor__in=granted.values("group")).values("descendant")
    reached = Membership.objects.filter(group__in=groups).exists()
    context = {"application": application, "policies": granted.count(), "reached": reached}
    return render(request, "console/adding/done.html", context)


_VIEWS: Final[Mapping[str, Callable[[HttpRequest, Application], HttpResponse]]] = {
    "basics": _basics,
    "connection": _connection,
    "mapping": _mapping,
    "features": _features,
    "review": _review,
}
