"""Adding and removing one's own factors: django-allauth's pages, each act in one transaction with its audit entry."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as base_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.mfa.webauthn.internal import auth
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.factors import passkeys_work
from provisor.access.models import Account
from provisor.access.sessions_listed import is_current, sessions_of
from provisor.access.sign_in import SECOND_FACTOR_DUE
from provisor.console import notices
from provisor.console.account import provider

_View = Callable[..., HttpResponseBase]


def _one_transaction(view: _View) -> _View:
    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return inside


def _begun_once(view: _View) -> _View:
    """A page that begins something with each look: what refreshes the bar in the background must not begin it anew."""

    @wraps(view)
    def looked_at(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204)
        return view(request, *args, **kwargs)

    return looked_at


class _AddPasskey(passkey_views.AddWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Every passkey can sign in alone, so each is kept by the device and verifies its user."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["js_data"] = {
            "creation_options": auth.begin_registration(self.request.user, passwordless=True)
        }
        return context

    def get_success_url(self) -> str:
        return reverse("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "account")


class _RemovePasskey(passkey_views.RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            notices.refused(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("account")
        answer: HttpResponse = super().form_valid(form)
        return answer


class _RenamePasskey(passkey_views.EditWebAuthnView):  # type: ignore[misc]  # allauth has no types
    success_url = reverse_lazy("account")


class _Authenticate(base_views.AuthenticateView):  # type: ignore[misc]  # allauth has no types
    """The second factor at sign-in; a passkey is offered to who has one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        keys = Authenticator.objects.filter(user=self.stage.login.user, type=Authenticator.Type.WEBAUTHN)
        context["has_passkeys"] = keys.exists()
        return context


_page = require_http_methods(["GET", "HEAD", "POST"])

authenticate = _page(_Authenticate.as_view())
again = _page(base_views.reauthenticate)
again_by_passkey = _page(_begun_once(passkey_views.reauthenticate_webauthn))
sign_in_by_passkey = _page(passkey_views.login_webauthn)
add_passkey = _page(_begun_once(_one_transaction(_AddPasskey.as_view())))
remove_passkey = _page(_one_transaction(_RemovePasskey.as_view()))
rename_passkey = _page(_one_transaction(_RenamePasskey.as_view()))
activate_app = _page(_begun_once(_one_transaction(totp_views.activate_totp)))
deactivate_app = _page(_one_transaction(totp_views.deactivate_totp))
generate_codes = _page(_one_transaction(recovery_views.generate_recovery_codes))
view_codes = require_safe(_begun_once(recovery_views.view_recovery_codes))


@require_safe
def account_page(request: HttpRequest) -> HttpResponse:
    """How the viewer signs in, and what could be added."""
    assert isinstance(request.user, Account)
    factors = list(Authenticator.objects.filter(user=request.user).order_by("pk"))
    kinds = Authenticator.Type
    codes = next((one for one in factors if one.type == kinds.RECOVERY_CODES), None)
    context = {
        "passkeys": [one.wrap() for one in factors if one.type == kinds.WEBAUTHN],
        "app": next((one for one in factors if one.type == kinds.TOTP), None),
        "codes": len(codes.wrap().get_unused_codes()) if codes else None,
        "codes_unseen": codes is not None and not codes.wrap().did_view,
        "passkeys_work": passkeys_work(request),
        **provider.context_of(request.user),
        "due": request.session.get(SECOND_FACTOR_DUE, False),
        "sessions": [
            (one, is_current(one, request.session.session_key)) for one in sessions_of(request.user)
        ],
    }
    return render(request, "console/account/account.html", context)


@require_safe
def to_account(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's form
    """Where allauth leads after its acts."""
    return redirect("account")
