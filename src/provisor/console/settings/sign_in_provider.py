"""The external provider that administrators may sign in with: one form."""

from typing import Any

from allauth.utils import build_absolute_uri
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from provisor.access import provider as providers
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.forms import ConsoleForm
from provisor.console.guard import actor_of, confirmed, requires
from provisor.console.refusals import REFUSALS, place_errors


class ProviderForm(ConsoleForm):
    """What the provider gives who registers Provisor there."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40, help_text=gettext_lazy("On the button of the sign-in, such as “Acme”."))  # fmt: skip
    issuer = forms.CharField(label=gettext_lazy("Issuer"), max_length=500, help_text=gettext_lazy("Its address without /.well-known/…, such as https://login.example.com."))  # fmt: skip
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=190)
    secret = forms.CharField(
        label=gettext_lazy("Client secret"), max_length=500, required=False, strip=False,
        help_text=gettext_lazy("Empty keeps the stored one. Another issuer needs it again. It is never shown."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "data-secret": ""}),
    )  # fmt: skip
    enabled = forms.BooleanField(label=gettext_lazy("Offer it at the sign-in"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def sign_in_provider(request: HttpRequest) -> HttpResponse:
    """Show the provider, or change it."""
    found = providers.configured()
    kept: dict[str, Any] = {"enabled": True}
    if found is not None:
        kept = {name: getattr(found, name) for name in ("name", "issuer", "client_id", "enabled")}
    form = ProviderForm(request.POST if request.method == "POST" else None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            providers.configure(**form.cleaned_data, actor=actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            notices.done(
                request, _("The provider was stored. Each administrator links it in “Your account”.")
            )
            return redirect("sign-in-provider")
    context = {"form": form, "provider": found, "callback": _callback(request, found)}
    return render(
        request, "console/settings/sign_in_provider.html", context, status=422 if form.errors else 200
    )


def _callback(request: HttpRequest, found: Any) -> str:
    """The address that the provider has to know; it is certain once issuer and client are."""
    if found is None:
        return ""
    path = reverse("openid_connect_callback", args=[providers.provider_id(found)])
    return str(build_absolute_uri(request, path))
