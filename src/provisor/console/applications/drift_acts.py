"""Acts of the tab Drift: scan, stop, settings, findings, adopt all, and assert everything again."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.applications.applications import update_application
from provisor.console import notices
from provisor.console.applications import drift_reading, finding_acts
from provisor.console.applications.drift_forms import DriftForm, WhoseForm
from provisor.console.applications.frame import frame
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.shell.undo import came_from
from provisor.directory.queries import find_group, find_user
from provisor.provisioning.drift import finding_acts as services
from provisor.provisioning.drift.reassert import count_reassertable, reassert
from provisor.provisioning.drift.scans import request_scan, stop_scan
from provisor.provisioning.models import Finding


def _back(application_id: UUID) -> str:
    return reverse("application-drift", args=[application_id])


@require_POST
@requires(Permission.START_PASSES)
def scan(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Ask for a scan."""
    application = frame(request, application_id, "")["application"]
    try:
        request_scan(application_id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        sentence = _("%(name)s is being scanned. Changes go on beside it, and nothing is written for it.")
        notices.done(request, sentence % {"name": application.name})
    return redirect(_back(application_id))


@require_POST
@requires(Permission.START_PASSES)
def stop(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """End the scan that is under way."""
    frame(request, application_id, "")
    stop_scan(application_id, actor=actor_of(request))
    notices.done(request, _("The scan is stopped. What it has found so far is listed."))
    return redirect(_back(application_id))


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def save(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Set when it is scanned, and what follows."""
    application = frame(request, application_id, "")["application"]
    form = DriftForm(request.POST, initial=drift_reading.settings_of(application))
    if not form.is_valid():
        notices.refused(request, _("Nothing was saved: choose one of the listed values for each setting."))
        return redirect(_back(application_id))
    try:
        update_application(application_id, form.changes(), actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("The settings of the scan are saved."))
    return redirect(_back(application_id))


@require_safe
@requires(Permission.READ)
def findings_reach(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What the chosen act will do to the chosen rows, before *Apply*."""
    application = frame(request, application_id, "")["application"]
    chosen = finding_acts.chosen_findings(request, application_id)
    sentence = finding_acts.reach(request.GET.get("action", ""), chosen, application)
    return render(request, "console/applications/reach.html", {"sentence": sentence})


@require_POST
@requires(Permission.READ)
def act_on_findings(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Do one act to the chosen rows; the act's own permission is asked where it is applied."""
    application = frame(request, application_id, "")["application"]
    act = finding_acts.ACTS.get(request.POST.get("action", ""))
    chosen = finding_acts.chosen_findings(request, application_id)
    if act is None or not chosen:
        notices.refused(request, finding_acts.nothing_chosen())
    else:
        finding_acts.apply(request, application, act, chosen)
    return redirect(came_from(request, _back(application_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def adopt_all(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Link all that are surely somebody's who is in scope, after the number was shown."""
    context = frame(request, application_id, "drift")
    chosen = services.sure(application_id)
    if request.method == "POST":
        actor = actor_of(request)
        result = services.each(lambda one: services.adopt(one, actor=actor), chosen)
        sentence = ngettext("%(n)d is linked.", "%(n)d are linked.", result.done)
        notices.done(request, sentence % {"n": result.done})
        for refusal in dict.fromkeys(result.refused):
            notices.refused(request, refusal)
        return redirect(_back(application_id))
    return render(request, "console/applications/adopt_all.html", context | {"count": len(chosen)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def adopt_one(request: HttpRequest, application_id: UUID, finding_id: int) -> HttpResponse:
    """Say whose an unknown account or group is."""
    context = frame(request, application_id, "drift")
    finding = Finding.objects.filter(
        application=application_id, pk=finding_id, what=Finding.What.UNKNOWN
    ).first()
    if finding is None:
        raise Http404
    (row,) = drift_reading.rows_of([finding])
    form = WhoseForm(request.POST or None, initial={"whose": row.whose.name if row.whose else ""})
    if request.method == "POST" and form.is_valid():
        find = find_user if finding.kind == "user" else find_group
        try:
            whose = find(form.cleaned_data["whose"]).id
            services.adopt(finding_id, actor=actor_of(request), local_id=whose)
        except REFUSALS as refusal:
            place_errors(form, refusal, {"": "whose"})
        else:
            notices.done(request, _("%(name)s is linked.") % {"name": row.name})
            return redirect(_back(application_id))
    status = 422 if request.method == "POST" else 200
    shown = context | {"row": row, "whose": form}
    return render(request, "console/applications/adopt_found.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.START_PASSES)
def assert_again(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Read every account and group again and put right what differs, after the number was shown."""
    context = frame(request, application_id, "drift")
    if request.method == "POST":
        try:
            count = reassert(application_id, actor=actor_of(request))
        except REFUSALS as refusal:
            notices.refused(request, sentence_of(refusal))
        else:
            sentence = ngettext(
                "%(n)d account or group is read again, and put right where it differs.",
                "%(n)d accounts and groups are read again, and put right where they differ.",
                count,
            )
            notices.done(request, sentence % {"n": count})
        return redirect(_back(application_id))
    context["count"] = count_reassertable(application_id)
    return render(request, "console/applications/reassert.html", context)
