"""Who must have a second factor and has none adds one before anything else."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from provisor.access.sign_in import SECOND_FACTOR_DUE

#: Pages that lead to a second factor, and those that show it or leave.
_OPEN: Final = frozenset(
    {
        "account", "account_logout", "account_reauthenticate", "account_change_password", "theme", "live",
        "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_activate_totp", "mfa_view_recovery_codes",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    }
)  # fmt: skip


class SecondFactorDue:
    """Leads to *Your account* from everywhere else. A session that owes nothing costs nothing here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        if not (request.user.is_authenticated and request.session.get(SECOND_FACTOR_DUE)):
            return None
        if Authenticator.objects.filter(user_id=request.user.pk).exists():
            request.session[SECOND_FACTOR_DUE] = False
            return None
        match = request.resolver_match
        if match is not None and match.url_name in _OPEN:
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponseClientRedirect(reverse("account"))
        return redirect("account")
