"""The second step's answers: test what is typed, save it, or say what is wrong, without losing what was typed."""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal
from provisor.console.adding.connecting import ConnectionForm
from provisor.console.adding.testing import Tested, tested
from provisor.console.guard import actor_of
from provisor.console.refusals import is_conflict, place_errors
from provisor.directory.models import JournalEntry
from provisor.provisioning.preview.testing_often import TestedTooOften

#: Saves what the form holds, with what the probe found if it was asked, and returns where to go on.
Save = Callable[[Tested | None], str]
Context = dict[str, Any]

_WRONG = 422
_CONFLICT = 409


def authorize(
    request: HttpRequest,
    form: ConnectionForm,
    context: Context,
    save: Save,
    application: Application | None = None,
) -> HttpResponse:
    """Answer the POST of the step. `do` is test, next or review; `anyway` saves what was not proved to work."""
    if not form.is_valid():
        return page(request, form, context | {"refused": True}, _WRONG)
    try:
        report = None if request.POST.get("anyway") else tested(form, application, actor_of(request))
    except TestedTooOften as refusal:
        place_errors(form, refusal)
        return page(request, form, context | {"refused": True}, _WRONG)
    if report is not None and (not report.ok or request.POST.get("do") == "test"):
        unsaved = request.POST.get("do") != "test"
        return page(request, form, context | {"report": report, "unsaved": unsaved})
    try:
        address = save(report)
    except ConfigurationRefusal as refusal:
        if is_conflict(refusal) and application is not None:
            return page(request, form, context | _overtaken(form, application), _CONFLICT)
        place_errors(form, refusal)
        return page(request, form, context | {"refused": True}, _WRONG)
    return HttpResponseClientRedirect(address) if _is_part(request) else redirect(address)


def page(request: HttpRequest, form: ConnectionForm, context: Context, status: int = 200) -> HttpResponse:
    """The whole step; for htmx the result alone, so that the secrets stay in the fields they were typed in."""
    template = "console/adding/tested.html" if _is_part(request) else "console/adding/connection.html"
    return render(request, template, {"form": form, "part": _is_part(request), **context}, status=status)


def goes_to(request: HttpRequest) -> str:
    """The step that the pressed button leads to."""
    return "review" if "review" in (request.POST.get("do"), request.POST.get("anyway")) else "mapping"


def overtaken_by(application: Application) -> str:
    """The sentence for who saves what somebody else has changed meanwhile."""
    last = JournalEntry.objects.filter(subject_id=application.pk).order_by("-id").first()
    return _(
        '%(actor)s changed "%(name)s" while you were here. What you typed is kept and not saved yet: saving again puts it in place of what is there now.'
    ) % {"actor": last.actor if last else _("Somebody"), "name": application.name}


def renew_edition(form: BaseForm, application: Application) -> None:
    """Let the form carry the version that is there now: saving again is then done knowingly."""
    assert isinstance(form.data, QueryDict)
    renewed = form.data.copy()
    renewed["edition"] = str(application.version)
    form.data = renewed


def _overtaken(form: ConnectionForm, application: Application) -> Context:
    application.refresh_from_db()
    renew_edition(form, application)
    return {"conflict": overtaken_by(application), "edition": application.version}


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
