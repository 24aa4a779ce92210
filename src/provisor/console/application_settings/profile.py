"""Another profile for an application: chosen, looked at with all its differences, rehearsed, and only then saved."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.permissions import Permission
from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.applications.profile_change import PARTS, ProfileChange, foresee_profile, profile_changes
from provisor.applications.profiles import catalogue
from provisor.console import notices
from provisor.console.application_settings.page import REFUSED
from provisor.console.application_settings.profile_reading import in_lines
from provisor.console.application_settings.reading import profile_of
from provisor.console.applications.frame import frame
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.guard import actor_of, may, requires
from provisor.console.mapping.editor import meanwhile
from provisor.console.mapping.reach import WouldChange, would_change
from provisor.console.refusals import REFUSALS, is_conflict, sentence_of

#: Longest search, and longest id of a profile.
_LONGEST = 200


class ProfileForm(EditionMixin, ConsoleForm):
    """The profile, the parts of its defaults to take over, and the effect that was confirmed."""

    to = forms.CharField(max_length=_LONGEST, widget=forms.HiddenInput)
    take = forms.MultipleChoiceField(
        required=False, choices=[(part, part) for part in PARTS], widget=forms.CheckboxSelectMultiple
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def profile(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Choose a profile; with `to` in the address, see what it would change; a POST saves it."""
    context = frame(request, application_id, "settings")
    application: Application = context["application"]
    if request.method == "POST":
        return _saved(request, context, ProfileForm(request.POST))
    to = request.GET.get("to", "")
    if not to:
        return _choice(request, context)
    try:
        change = foresee_profile(application, to[:_LONGEST])
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("change-profile", application_id)
    form = ProfileForm(initial={"edition": application.version, "to": change.profile.id})
    return _shown(request, context, form, change)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def foreseen(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What saving the form as it stands would send."""
    application: Application = frame(request, application_id, "settings")["application"]
    form = ProfileForm(request.POST)
    context: dict[str, Any] = {"application": application}
    if form.is_valid():
        try:
            context["foreseen"] = _rehearsed(request, application, form)
        except REFUSALS as refusal:
            context["refusal"] = sentence_of(refusal)
    return render(request, "console/application_settings/profile_reach.html", context)


def _choice(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    application: Application = context["application"]
    search = request.GET.get("q", "")[:_LONGEST]
    others = [each for each in catalogue(search) if each.id != application.profile]
    context |= {"search": search, "others": others, "profile": profile_of(application)}
    return render(request, "console/application_settings/profile_choice.html", context)


def _shown(
    request: HttpRequest, context: dict[str, Any], form: ProfileForm, change: ProfileChange, **more: Any
) -> HttpResponse:
    application: Application = context["application"]
    context |= {
        "form": form,
        "change": change,
        "differences": in_lines(change),
        "profile": profile_of(application),
        "taken": form["take"].value() or [],
        **more,
    }
    status = REFUSED if form.is_bound else 200
    return render(request, "console/application_settings/profile.html", context, status=status)


def _rehearsed(request: HttpRequest, application: Application, form: ProfileForm) -> WouldChange:
    changes = profile_changes(application, form.cleaned_data["to"], form.cleaned_data["take"])
    return would_change(
        application,
        changes,
        actor_of(request),
        version=form.cleaned_data.get("edition"),
        may_loosen=may(request, Permission.LOOSEN_PROTECTIONS),
    )


def _saved(request: HttpRequest, context: dict[str, Any], form: ProfileForm) -> HttpResponse:
    application: Application = context["application"]
    if not form.is_valid():
        notices.refused(request, _("The form was incomplete. Choose the profile again; nothing was saved."))
        return redirect("change-profile", application.id)
    to, take = form.cleaned_data["to"], form.cleaned_data["take"]
    try:
        change = foresee_profile(application, to)
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("change-profile", application.id)
    try:
        effect = _rehearsed(request, application, form)
        if effect.asks and form.cleaned_data["confirmed"] != effect.seal:
            return _shown(request, context, form, change, foreseen=effect)
        changes = profile_changes(application, to, take)
        version = form.cleaned_data["edition"]
        update_application(
            application.id,
            changes,
            actor=actor_of(request),
            version=version,
            may_loosen=may(request, Permission.LOOSEN_PROTECTIONS),
        )
    except REFUSALS as refusal:
        if not is_conflict(refusal):
            return _shown(request, context, form, change, refusal=sentence_of(refusal))
        return _overtaken(request, context, form)
    notices.done(
        request,
        _("%(name)s has the profile %(profile)s now.")
        % {"name": application.name, "profile": change.profile.name},
    )
    return redirect(f"{reverse('application-settings', args=[application.id])}#basics")


def _overtaken(request: HttpRequest, context: dict[str, Any], form: ProfileForm) -> HttpResponse:
    """Show the differences anew, to what somebody else has saved meanwhile; a second press saves knowingly."""
    application: Application = context["application"]
    application.refresh_from_db()
    data = request.POST.copy()
    data["edition"] = str(application.version)
    change = foresee_profile(application, form.cleaned_data["to"])
    return _shown(request, context, ProfileForm(data), change, meanwhile=meanwhile(application))
