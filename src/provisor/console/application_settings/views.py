"""The tab Settings of an application: each card saves by itself."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.permissions import Permission
from provisor.applications.addresses import read_address
from provisor.applications.applications import update_application
from provisor.applications.capabilities import facts_of
from provisor.applications.connections import networks_of
from provisor.applications.credentials import (
    PRIMARY,
    SECONDARY,
    clear_credential,
    promote_credential,
    store_credential,
)
from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal, Problems
from provisor.console import notices
from provisor.console.application_settings import reading
from provisor.console.application_settings.credential_forms import CredentialForm
from provisor.console.application_settings.forms import PARTS, AddressForm, ExclusionsForm, PartForm
from provisor.console.application_settings.page import page, with_edition
from provisor.console.applications.frame import frame
from provisor.console.guard import actor_of, confirmed, confirmed_where, may, requires
from provisor.console.mapping.access import refuse_readers
from provisor.console.mapping.reach import WouldChange, would_change
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of

#: Cards that decide where credentials go, and how much may be removed at once.
_DANGEROUS = frozenset({"address", "brake"})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
@confirmed_where(lambda request: request.POST.get("part") in _DANGEROUS)
def settings(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show the settings; a POST saves the card that its `part` names."""
    context = frame(request, application_id, "settings")
    if request.method != "POST":
        return page(request, context)
    refuse_readers(request)
    part = PARTS.get(request.POST.get("part", ""))
    if part is None:
        raise Http404
    application: Application = context["application"]
    form = part(request.POST, application, known=reading.without_own_limits(facts_of(application)))
    return _saved(request, context, form)


def _saved(request: HttpRequest, context: dict[str, Any], form: PartForm) -> HttpResponse:
    application: Application = context["application"]
    if not form.is_valid():
        return page(request, context, bound=form)
    try:
        asked = _asked(request, application, form)
        if asked:
            return page(request, context, bound=form, **asked)
        update_application(
            application.id,
            form.changes,
            actor=actor_of(request),
            version=form.cleaned_data["edition"],
            may_loosen=may(request, Permission.LOOSEN_PROTECTIONS),
        )
    except ConfigurationRefusal as refusal:
        if is_conflict(refusal):
            return _overtaken(request, context, form)
        place_errors(form, refusal, form.places)
        return page(request, context, bound=form)
    notices.done(request, _said(application, form))
    return redirect(f"{reverse('application-settings', args=[application.id])}#{form.part}")


def _asked(request: HttpRequest, application: Application, form: PartForm) -> dict[str, Any]:
    """What is asked before it is saved: another address always, protections by what they take away."""
    confirmed = form.cleaned_data.get("confirmed", "")
    version = form.cleaned_data["edition"]
    if isinstance(form, AddressForm):
        problems = Problems()
        address = read_address(form.cleaned_data["base_url"], "", problems, networks_of(application.id))
        asks = address not in {application.base_url, confirmed} and not problems
        return {"moves_to": address} if asks else {}
    if isinstance(form, ExclusionsForm):
        foreseen: WouldChange = would_change(application, form.changes, actor_of(request), version=version)
        return {} if not foreseen.asks or confirmed == foreseen.seal else {"foreseen": foreseen}
    return {}


def _said(application: Application, form: PartForm) -> str:
    if isinstance(form, AddressForm):
        application.refresh_from_db()
        if application.paused:
            return _(
                "The address was changed. %(name)s is paused and has no credentials: store one, test the connection, then resume."
            ) % {"name": application.name}
    return _("The settings of %(name)s were saved.") % {
        "name": form.cleaned_data.get("name", application.name)
    }


def _overtaken(
    request: HttpRequest, context: dict[str, Any], form: PartForm | CredentialForm
) -> HttpResponse:
    context["application"].refresh_from_db()
    with_edition(form, context["application"])
    return page(request, context, bound=form, conflict=True)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
@confirmed
def store(request: HttpRequest, application_id: UUID, slot: str) -> HttpResponse:
    """Store a credential in a slot, in place of the one that is there."""
    if slot not in {PRIMARY, SECONDARY}:
        raise Http404
    context = frame(request, application_id, "settings")
    application: Application = context["application"]
    form = CredentialForm(request.POST, application, slot=slot, stored=False)
    if not form.is_valid():
        return page(request, context, bound=form)
    version, method = form.cleaned_data["edition"], form.cleaned_data["method"]
    try:
        store_credential(
            application.id, method, form.values, actor=actor_of(request), slot=slot, version=version
        )
    except ConfigurationRefusal as refusal:
        if is_conflict(refusal):
            return _overtaken(request, context, form)
        form.place(refusal)
        return page(request, context, bound=form)
    notices.done(request, _("The credential was stored. Test the connection to see whether it is accepted."))
    return redirect(f"{reverse('application-settings', args=[application.id])}#connection")


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
@confirmed
def rotate(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """End a rotation: `act` promotes the second credential, or forgets it."""
    try:
        if request.POST.get("act") == "promote":
            promote_credential(application_id, actor=actor_of(request))
            notices.done(request, _("The second credential is in use now; the first one was forgotten."))
        elif request.POST.get("act") == "forget":
            clear_credential(application_id, SECONDARY, actor=actor_of(request))
            notices.done(request, _("The second credential was forgotten. The first one stays in use."))
        else:
            raise Http404
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    return redirect(f"{reverse('application-settings', args=[application_id])}#connection")
