"""The tabs Mapping and Features of an application, and what they ask for while somebody types."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.permissions import Permission
from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.console import notices
from provisor.console.applications.frame import frame
from provisor.console.guard import actor_of, requires
from provisor.console.mapping.access import refuse_readers
from provisor.console.mapping.draft import typed
from provisor.console.mapping.editor import context_of, editor, save_mapping
from provisor.console.mapping.features import features, features_reach, save_features
from provisor.console.mapping.reach import would_change
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.provisioning.preview.examination import read_attributes
from provisor.provisioning.preview.testing_often import TestedTooOften

#: The status of a form that comes back with its errors.
REFUSED = 422


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def mapping(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The mapping editor."""
    context = frame(request, application_id, "mapping")
    application: Application = context["application"]
    if request.method != "POST":
        shown = editor(request, application)
        return render(request, "console/mapping/mapping_page.html", context | shown)
    refuse_readers(request)
    shown_again = save_mapping(request, application)
    if shown_again is not True:
        return render(request, "console/mapping/mapping_page.html", context | shown_again, status=REFUSED)
    notices.done(request, _("The mapping of %(name)s was saved.") % {"name": application.name})
    return redirect("application-mapping", application_id)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def try_mapping(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The previews and the errors of what has been typed so far; nothing is saved."""
    application, draft = _application(application_id), typed(request.POST, lenient=True)
    return render(request, "console/mapping/tried.html", context_of(application, draft))


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def read_again(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Ask the application for its attributes anew, and judge what has been typed so far by them; nothing is saved."""
    application = _application(application_id)
    try:
        problem = read_attributes(application.id, actor=actor_of(request))
    except TestedTooOften as refusal:
        problem = str(refusal)
    context = context_of(application, typed(request.POST, lenient=True))
    return render(request, "console/mapping/read_again.html", {**context, "unread": problem})


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def mapping_reach(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What saving the typed mapping would do to all accounts."""
    application, draft = _application(application_id), typed(request.POST)
    wrong = sum(part.wrong for part in draft.parts.values())
    context: dict[str, Any] = {"wrong": wrong, "application": application}
    if not wrong:
        try:
            context["foreseen"] = would_change(application, draft.changes, actor_of(request))
        except REFUSALS as refusal:
            context["refusal"] = sentence_of(refusal)
    return render(request, "console/mapping/would_change.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def switches(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The switches and the table of causes."""
    context = frame(request, application_id, "features")
    application: Application = context["application"]
    if request.method != "POST":
        return render(request, "console/mapping/features_page.html", context | features(request, application))
    refuse_readers(request)
    shown_again = save_features(request, application)
    if shown_again is not True:
        return render(request, "console/mapping/features_page.html", context | shown_again, status=REFUSED)
    notices.done(request, _("The features of %(name)s were saved.") % {"name": application.name})
    return redirect("application-features", application_id)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def features_foreseen(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What saving the switches as they stand would do."""
    application = _application(application_id)
    return render(request, "console/mapping/features_reach.html", features_reach(request, application))


def _application(application_id: UUID) -> Application:
    found = live_applications().filter(pk=application_id).first()
    if found is None:
        raise Http404
    return found
