"""Addresses: health and metrics, sign-in, the two APIs, and the console for the rest."""

from allauth.account import views
from django.urls import include, path, re_path
from django.views.decorators.http import require_safe

from provisor.api.single_sign_on import tokens
from provisor.api.single_sign_on.discovery import discovery
from provisor.console.account import links
from provisor.console.my.authorizing import authorize
from provisor.site import health, metrics
from provisor.site.sign_in import only_with_mail

#: Only what we offer of django-allauth: no sign-up, no change of one's own address.
_sign_in = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("again/", views.reauthenticate, name="account_reauthenticate"),
    path("code/", only_with_mail(views.request_login_code), name="account_request_login_code"),
    path("link/", only_with_mail(links.ask), name="ask-magic-link"),
    path("link/sent/", require_safe(only_with_mail(links.sent)), name="magic-link-sent"),
    path("link/<slug:token>/", only_with_mail(links.use), name="magic-link"),
    path("code/enter/", only_with_mail(views.confirm_login_code), name="account_confirm_login_code"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

#: Only what we offer of django-allauth's OpenID Connect provider, by the names that it asks for.
_single_sign_on = [
    path(".well-known/openid-configuration", discovery, name="configuration"),
    path(".well-known/jwks.json", tokens.keys, name="jwks"),
    path("identity/authorize", authorize, name="authorization"),
    path("identity/token", tokens.token, name="token"),
    path("identity/userinfo", tokens.userinfo, name="userinfo"),
    path("identity/revoke", tokens.revoke, name="revoke"),
]

urlpatterns = [
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include(_sign_in)),
    path("", include(([path("", include((_single_sign_on, "oidc")))], "idp"))),
    path("", include("provisor.api.urls")),
    path("", include("provisor.console.urls")),
]
