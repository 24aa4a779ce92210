"""Sign-in with the external provider: what django-allauth's social accounts ask us."""

from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from provisor.access import provider as providers
from provisor.access.models import Account
from provisor.access.provider_http import DoorSession
from provisor.access.refusal import AccessRefusal


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """One provider, from our own table; nobody is signed up, and nobody is matched by e-mail."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, **_: Any) -> list[SocialApp]:  # noqa: ARG002 - allauth's form
        found = providers.offered()
        if found is None or provider not in {None, "openid_connect", providers.provider_id(found)}:
            return []
        app = SocialApp(
            provider="openid_connect", provider_id=providers.provider_id(found), name=found.name,
            client_id=found.client_id, secret=providers.secret_of(found),
        )  # fmt: skip
        # Only the signed token counts: userinfo may speak of somebody else (OpenID Connect Core, 5.3.2).
        app.settings = {"server_url": found.issuer, "fetch_userinfo": False, "oauth_pkce_enabled": True}
        return [app]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        found = super().get_provider(request, provider, client_id=client_id)
        found.oauth2_adapter_class = OneIssuer
        return found

    def get_requests_session(self) -> DoorSession:
        return DoorSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002 - allauth's form
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:  # noqa: ARG002 - allauth's form
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Link what the account asked for, let in whom is linked, and turn away all others."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(_linked(request, sociallogin))
        if not sociallogin.is_existing:
            clear_login(request)
            messages.error(
                request,
                _(
                    "No account is linked to this identity. Sign in another way, and link it in “Your account”."
                ),
            )
            raise ImmediateHttpResponse(redirect("account_login"))


class OneIssuer(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """The issuer that was configured, word for word, and a token whose signature was checked, over http, too."""

    @property
    def openid_config(self) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        if str(found.get("issuer", "")).rstrip("/") != self.get_provider().app.settings["server_url"]:
            raise OAuth2Error("The provider says that it is another issuer than the one that is configured.")
        return found

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        configuration = self.openid_config
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=configuration["jwks_uri"],
            issuer=configuration["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        # A subject is plain text (OpenID Connect Core, 2), and PostgreSQL cannot even be asked for one with a NUL in it.
        if not str(claims.get("sub", "")).isprintable():
            raise OAuth2Error("The provider names this person by something that is no printable text.")
        return claims


def _linked(request: HttpRequest, sociallogin: SocialLogin) -> Any:
    account, provider = request.user, providers.offered()
    if not isinstance(account, Account) or provider is None:
        return redirect("account_login")
    try:
        providers.link(account, provider, sociallogin.account.uid)
    except AccessRefusal as refusal:
        messages.error(request, refusal.reason)
    else:
        messages.success(
            request, _("%(name)s is linked: it signs you in from now on.") % {"name": provider.name}
        )
    return redirect("account")
