"""Addresses: one's own account and its factors. Names that begin with `mfa_` are those that django-allauth asks for."""

from django.urls import path

from provisor.console.account import factors, provider, sessions

_FACTORS = "account/factors"

urlpatterns = [
    path("account", factors.account_page, name="account"),
    path("account/sessions/end", sessions.end_others, name="end-other-sessions"),
    path("account/sessions/<uuid:session_id>/end", sessions.end_one, name="end-session"),
    path(_FACTORS, factors.to_account, name="mfa_index"),
    path(f"{_FACTORS}/passkeys", factors.to_account, name="mfa_list_webauthn"),
    path(f"{_FACTORS}/passkeys/add", factors.add_passkey, name="mfa_add_webauthn"),
    path(f"{_FACTORS}/passkeys/<int:pk>/remove", factors.remove_passkey, name="mfa_remove_webauthn"),
    path(f"{_FACTORS}/passkeys/<int:pk>/rename", factors.rename_passkey, name="mfa_edit_webauthn"),
    path(f"{_FACTORS}/app/add", factors.activate_app, name="mfa_activate_totp"),
    path(f"{_FACTORS}/app/remove", factors.deactivate_app, name="mfa_deactivate_totp"),
    path(f"{_FACTORS}/codes", factors.view_codes, name="mfa_view_recovery_codes"),
    path(f"{_FACTORS}/codes/new", factors.generate_codes, name="mfa_generate_recovery_codes"),
    path("account/provider/link", provider.link, name="link-provider"),
    path("account/provider/unlink", provider.unlink, name="unlink-provider"),
    path("accounts/provider/cancelled/", provider.given_up, name="socialaccount_login_cancelled"),
    path("accounts/provider/<slug:provider_id>/", provider.begin, name="openid_connect_login"),
    path("accounts/provider/<slug:provider_id>/back/", provider.come_back, name="openid_connect_callback"),
    path("accounts/factor/", factors.authenticate, name="mfa_authenticate"),
    path("accounts/passkey/", factors.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("accounts/again/factor/", factors.again, name="mfa_reauthenticate"),
    path("accounts/again/passkey/", factors.again_by_passkey, name="mfa_reauthenticate_webauthn"),
]
