"""The page Connection of an application: networks of its own, authorities, client certificate."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.applications import connections
from provisor.console import notices
from provisor.console.application_settings.page import REFUSED
from provisor.console.applications.frame import frame
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.guard import actor_of, may, requires
from provisor.console.mapping.access import refuse_readers
from provisor.console.refusals import REFUSALS, place_errors
from provisor.scim.certificates import describe

if TYPE_CHECKING:
    from provisor.applications.models import Application

_LONGEST: Final = 100_000
_PEM: Final = {"rows": 6, "spellcheck": "false", "autocomplete": "off", "class": "code-field"}


class NetworksForm(EditionMixin, ConsoleForm):
    part, needs = "networks", Permission.ALLOW_NETWORKS
    networks = forms.CharField(
        label=gettext_lazy("Private networks"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One on each line, such as 10.20.0.0/16. Open for this application alone; http is accepted there. Addresses of cloud metadata are never opened."
        ),
    )

    def save(self, application_id: UUID, **who: Any) -> None:
        connections.allow_networks(application_id, self.cleaned_data["networks"].split(), **who)


class AuthoritiesForm(EditionMixin, ConsoleForm):
    part, needs = "authorities", Permission.MANAGE_APPLICATIONS
    authorities = forms.CharField(
        label=gettext_lazy("Certificate authorities (PEM)"),
        required=False,
        max_length=_LONGEST,
        widget=forms.Textarea(attrs=_PEM),
        help_text=gettext_lazy(
            "Trusted beside those of the system, for this application alone. Empty: the system's only."
        ),
    )

    def save(self, application_id: UUID, **who: Any) -> None:
        connections.trust_authorities(application_id, self.cleaned_data["authorities"], **who)


class CertificateForm(EditionMixin, ConsoleForm):
    part, needs = "certificate", Permission.MANAGE_APPLICATIONS
    client_certificate = forms.CharField(
        label=gettext_lazy("Client certificate (PEM)"),
        required=False,
        max_length=_LONGEST,
        widget=forms.Textarea(attrs=_PEM),
        help_text=gettext_lazy("With its chain. Empty: none is shown any more, and the key is forgotten."),
    )
    client_key = forms.CharField(
        label=gettext_lazy("Key of the certificate (PEM)"),
        required=False,
        max_length=_LONGEST,
        widget=forms.Textarea(attrs=_PEM | {"data-secret": ""}),
        help_text=gettext_lazy("Without a password. It is encrypted and never comes back to a page."),
    )

    def save(self, application_id: UUID, **who: Any) -> None:
        certificate = self.cleaned_data["client_certificate"]
        if certificate:
            connections.store_client_certificate(
                application_id, certificate, self.cleaned_data["client_key"], **who
            )
        else:
            connections.clear_client_certificate(application_id, **who)

    def without_key(self) -> None:
        """A secret is never put back into a page: it is typed again."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "client_key": ""}


Part = NetworksForm | AuthoritiesForm | CertificateForm
_PARTS: Final[dict[str, type[Part]]] = {
    each.part: each for each in (NetworksForm, AuthoritiesForm, CertificateForm)
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def connection(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show the page; a POST saves the card that its `part` names."""
    context = frame(request, application_id, "settings")
    if request.method != "POST":
        return _page(request, context)
    refuse_readers(request)
    part = _PARTS.get(request.POST.get("part", ""))
    if part is None:
        raise Http404
    if not may(request, part.needs):
        raise PermissionDenied
    return _saved(request, context, part(request.POST))


def _saved(request: HttpRequest, context: dict[str, Any], form: Part) -> HttpResponse:
    application: Application = context["application"]
    if form.is_valid():
        try:
            form.save(application.id, actor=actor_of(request), version=form.cleaned_data["edition"])
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            notices.done(request, _("Saved. Test the connection to see whether it works."))
            return redirect("application-connection", application.id)
    if isinstance(form, CertificateForm):
        form.without_key()
    return _page(request, context, bound=form)


def _page(request: HttpRequest, context: dict[str, Any], *, bound: Part | None = None) -> HttpResponse:
    application: Application = context["application"]
    shown = connections.shown(application.id)
    initial = {
        "edition": application.version,
        "networks": "\n".join(shown["networks"]),
        "authorities": shown["authorities"],
        "client_certificate": shown["client_certificate"],
    }
    cards = []
    for name, part in _PARTS.items():
        form = bound if bound is not None and bound.part == name else part(initial=initial)
        form.auto_id = f"{name}-%s"
        cards.append({"form": form, "may": may(request, part.needs)})
    more = {
        "networks": cards[0],
        "authorities": cards[1],
        "certificate": cards[2],
        "trusted": describe(shown["authorities"]),
        "own": describe(shown["client_certificate"])[:1],
        "key_stored": shown["client_key_stored"],
    }
    status = REFUSED if bound is not None else 200
    return render(request, "console/application_settings/connection.html", {**context, **more}, status=status)
