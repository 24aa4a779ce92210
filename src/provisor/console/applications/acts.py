"""Acts on a whole application, within one click of each of its pages: pause, resume, sync, and the mode."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.applications.applications import pause, resume, update_application
from provisor.applications.models import Application
from provisor.console import notices
from provisor.console.applications.frame import frame
from provisor.console.applications.planned import first_part
from provisor.console.forms import ConsoleForm
from provisor.console.guard import actor_of, demand, requires
from provisor.console.reach import is_asked, is_part
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.shell import undo
from provisor.console.shell.undo import came_from
from provisor.provisioning.operations import request_sync

#: Longest reason of a pause.
_REASON = 300


class PauseForm(ConsoleForm):
    """Why it is paused; empty says only who did it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=_REASON,
        help_text=gettext_lazy("Shown to everybody who looks at the application. It may stay empty."),
    )


@require_safe
@requires(Permission.READ)
def head(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The head alone, for the part that refreshes itself."""
    context = frame(request, application_id, request.GET.get("tab", ""))
    return render(request, "console/applications/head_alone.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def pause_application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Pause at once; a GET asks for a reason first."""
    form = PauseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            application = pause(application_id, actor=actor_of(request), reason=form.cleaned_data["reason"])
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            sentence = _("%(name)s is paused: nothing more is sent to it.") % {"name": application.name}
            notices.done(
                request, sentence, undo_by=("application.resume", {"application": str(application_id)})
            )
            return redirect(_back(request, application_id))
    context = {**frame(request, application_id, ""), "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/applications/pause.html", context, status=status)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def resume_application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Send again."""
    try:
        application = resume(application_id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("%(name)s is resumed: what waited is sent now.") % {"name": application.name})
    return redirect(_back(request, application_id))


@require_POST
@requires(Permission.START_PASSES)
def sync_application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Try again everything that is stuck or rests."""
    try:
        request_sync(application_id, actor=actor_of(request))
    except Application.DoesNotExist:
        notices.refused(request, _("The application was deleted meanwhile. Nothing was sent."))
        return redirect("apps")
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(
            request,
            _("A run was asked for: what failed or waits is tried again. What is in sync is not touched."),
        )
    return redirect(reverse("application", args=[application_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def change_mode(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Say go, or only observe from now on: the question at once, what it will do by `?reach=now`, then the act."""
    wanted = request.POST.get("to") or request.GET.get("to", "")
    mode = Application.Mode.OBSERVE if wanted == "observe" else Application.Mode.ENFORCE
    problem = ""
    if request.method == "POST":
        try:
            application = update_application(
                application_id, {"mode": mode.value}, actor=actor_of(request), version=_version(request)
            )
        except REFUSALS as refusal:
            problem = sentence_of(refusal)
        else:
            notices.done(request, _mode_sentence(application))
            return redirect(reverse("application", args=[application_id]))
    context = frame(request, application_id, "")
    context |= {"to": mode.value, "problem": problem}
    if mode is Application.Mode.ENFORCE and is_asked(request):
        context["plan"] = first_part(application_id)
    page = "console/applications/mode_question.html" if is_part(request) else "console/applications/mode.html"
    return render(request, page, context, status=409 if problem else 200)


def _mode_sentence(application: Application) -> str:
    if application.mode == Application.Mode.OBSERVE:
        return _(
            "%(name)s is only observed from now on: plans are made and nothing is sent. Its accounts stay as they are."
        ) % {"name": application.name}
    return _("%(name)s is enforced from now on: what is planned is sent.") % {"name": application.name}


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("edition", "")
    return int(text) if text.isdecimal() and len(text) < len("2147483648") else None


def _back(request: HttpRequest, application_id: UUID) -> str:
    """Where the person was; the question for a reason is no place to go back to."""
    overview = reverse("application", args=[application_id])
    address = came_from(request, overview)
    return overview if reverse("application-pause", args=[application_id]) in address else address


def _resume_again(request: HttpRequest, needs: dict[str, str]) -> str:
    demand(request, Permission.MANAGE_APPLICATIONS, UUID(needs["application"]))
    application = resume(needs["application"], actor=actor_of(request))
    return _("%(name)s is resumed: what waited is sent now.") % {"name": application.name}


undo.register("application.resume", _resume_again)
