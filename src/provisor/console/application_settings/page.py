"""The page of settings: every card, with one form bound where it comes back with an error."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from provisor.access.permissions import Permission
from provisor.applications.capabilities import facts_of
from provisor.applications.models import Application
from provisor.console.application_settings import reading
from provisor.console.application_settings.credential_forms import CredentialForm
from provisor.console.application_settings.forms import PARTS, PartForm
from provisor.console.application_settings.pace import pace
from provisor.console.application_settings.schedule import moments, standstill
from provisor.console.guard import may
from provisor.console.mapping.editor import meanwhile
from provisor.scim.capabilities import resolve

#: The status of a form that comes back with its errors.
REFUSED = 422


def page(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    bound: PartForm | CredentialForm | None = None,
    conflict: bool = False,
    **more: Any,
) -> HttpResponse:
    """Show the page; `bound` takes the place of its form, `conflict` says what somebody else has done meanwhile."""
    application: Application = context["application"]
    facts = facts_of(application)
    known = reading.without_own_limits(facts)
    forms: dict[str, Any] = {name: form(None, application, known=known) for name, form in PARTS.items()}
    credentials: list[dict[str, Any]] = []
    slots = reading.stored_credentials(application)
    for stored in slots:
        form = CredentialForm(None, application, slot=stored.slot, stored=stored.at is not None)
        if isinstance(bound, CredentialForm) and bound.slot == stored.slot:
            form = bound
        credentials.append({"stored": stored, "form": form})
    if isinstance(bound, PartForm):
        forms[bound.part] = bound
    live, allowed = reading.allowed_removals(application)
    shown = {
        "forms": forms,
        "brake_note": ""
        if may(request, Permission.LOOSEN_PROTECTIONS)
        else _("Letting more through is for owners."),
        "first": credentials[0],
        "second": credentials[1],
        "stored_count": sum(stored.at is not None for stored in slots),
        "profile": reading.profile_of(application),
        "facts": reading.known_facts(facts),
        "pace": pace(application, resolve(facts)),
        "belongings": reading.belongings(application),
        "live": live,
        "allowed": allowed,
        "moments": moments(application),
        "standstill": standstill(application),
        "meanwhile": meanwhile(application) if conflict else None,
    }
    status = REFUSED if bound is not None or conflict else 200
    return render(
        request, "console/application_settings/page.html", {**context, **shown, **more}, status=status
    )


def with_edition(form: PartForm | CredentialForm, application: Application) -> None:
    """Let the next press of the button overwrite knowingly: the form takes the edition that is there now."""
    form.data = {**{name: form.data.get(name) for name in form.data}, "edition": str(application.version)}


def gone_to(request: HttpRequest, address: str) -> HttpResponse:
    """Go to another page, also from a dialog, which would show it within itself otherwise.

    From a dialog the fragment is left out: a browser that is on that page would only scroll, and not load it.
    """
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address.partition("#")[0])
    return redirect(address)
