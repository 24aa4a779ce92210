"""Login methods and second factors in words."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.applications.models import Policy

_METHOD, _FACTOR = Policy.LoginMethod, Policy.SecondFactor

METHODS: Final[Mapping[str, Promise]] = {
    _METHOD.PASSWORD: _("Password"),
    _METHOD.PASSWORDLESS: _("Passwordless: a passkey, or a code by e-mail"),
    _METHOD.MAGIC_LINK: _("Magic link by e-mail"),
}
FACTORS: Final[Mapping[str, Promise]] = {
    _FACTOR.NONE: _("None"),
    _FACTOR.TOTP: _("One-time code of an authenticator app (TOTP)"),
    _FACTOR.PASSKEY: _("Passkey"),
    _FACTOR.ANY: _("Any: a one-time code or a passkey"),
}
#: Without a password it is no second factor, but what admits a person at all.
FACTORS_WITHOUT_PASSWORD: Final[Mapping[str, Promise]] = {
    _FACTOR.NONE: _("None: a passkey or a code by e-mail"),
    _FACTOR.PASSKEY: _("Nothing but a passkey"),
}
_TOGETHER: Final[Mapping[tuple[str, str], Promise]] = {
    (_METHOD.PASSWORD, _FACTOR.NONE): _("password"),
    (_METHOD.PASSWORD, _FACTOR.TOTP): _("password and a one-time code"),
    (_METHOD.PASSWORD, _FACTOR.PASSKEY): _("password and a passkey"),
    (_METHOD.PASSWORD, _FACTOR.ANY): _("password and a one-time code or passkey"),
    (_METHOD.PASSWORDLESS, _FACTOR.NONE): _("passkey or a code by e-mail"),
    (_METHOD.PASSWORDLESS, _FACTOR.PASSKEY): _("nothing but a passkey"),
    (_METHOD.MAGIC_LINK, _FACTOR.NONE): _("magic link by e-mail"),
}


def sign_in(login_method: str, second_factor: str) -> str:
    """Say how somebody signs in: the login method together with the second factor."""
    return str(_TOGETHER.get((login_method, second_factor), f"{login_method}, {second_factor}"))
