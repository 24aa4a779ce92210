"""Where a person proves what is missing, or sets it up, and how they come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.access.methods import Method
from provisor.access.step_up import Step
from provisor.console.nearby import with_query

#: Names of the addresses of sign-in (`site/urls.py`, `console/account/urls.py`). A mailbox is proved at a sign-in only.
_PROVE: Final[Mapping[Method, str]] = {
    Method.PASSWORD: "account_reauthenticate",
    Method.TOTP: "mfa_reauthenticate",
    Method.PASSKEY: "mfa_reauthenticate_webauthn",
    Method.EMAIL_CODE: "sign-in-anew",
}
_ENROL: Final[Mapping[Method, str]] = {
    Method.PASSWORD: "account_set_password",
    Method.TOTP: "mfa_activate_totp",
    Method.PASSKEY: "mfa_add_webauthn",
}
_PROVE_WORDS: Final[Mapping[Method, Promise]] = {
    Method.PASSWORD: _("Enter your password"),
    Method.TOTP: _("Enter the one-time code of your authenticator app"),
    Method.PASSKEY: _("Use your passkey"),
    Method.EMAIL_CODE: _("Sign in anew"),
}
_ENROL_WORDS: Final[Mapping[Method, Promise]] = {
    Method.PASSWORD: _("Set a password"),
    Method.TOTP: _("Set up an authenticator app"),
    Method.PASSKEY: _("Set up a passkey"),
}


@dataclass(frozen=True, slots=True)
class Lead:
    """One step on the way, in words, and where it is done."""

    words: Promise
    address: str
    enrol: bool


def lead(step: Step, back: str) -> Lead:
    """Where this step is done; `back` is the address that the person comes back to."""
    names, words = (_ENROL, _ENROL_WORDS) if step.enrol else (_PROVE, _PROVE_WORDS)
    return Lead(words[step.method], with_query(reverse(names[step.method]), next=back), step.enrol)
