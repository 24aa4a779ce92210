"""The forms in which a factor is proved or added: allauth's, with what it leaves open closed.

- A passkey answers from the public origin itself. The library would take any origin below the relying party's host.
- A code of an authenticator app works once, also while the neighbouring time step is accepted.
- A secret that does not open is an error of the form and not of the page.
"""

from typing import Any, Final

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access import known_browsers, lockout
from provisor.access.factors import origin_of
from provisor.access.sign_in import must_wait_sentence, note_refused
from provisor.vault.keys import VaultError

#: Seconds for which a code that was used is remembered: all the time steps in which it would be accepted.
_CODE_LIFE: Final = 120


class _CodeForm(forms.Form):
    """A typed code: of the app, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "class": "form-control"}
        ),
        help_text=gettext_lazy("From your authenticator app, or one of your recovery codes."),
    )
    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        tried = self._begin()
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # the library's form is behind this one
        except VaultError as error:
            raise ValidationError(str(error)) from None
        except ValidationError:
            note_refused(self.user, tried)
            raise
        if self.authenticator.type == Authenticator.Type.TOTP and not _first_use(self.user.pk, code):
            raise get_adapter().validation_error("incorrect_code")
        lockout.succeeded(tried)
        return code

    def _begin(self) -> lockout.Try:
        """Codes are counted apart from passwords: who guesses them has the first factor already."""
        whose = self.user.email + lockout.SECOND_FACTOR
        try:
            return lockout.begin(whose, known_browsers.source_of(context.request, self.user.email))
        except lockout.MustWaitError as wait:
            raise ValidationError(must_wait_sentence(wait)) from None


class AuthenticateForm(_CodeForm, base.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """At sign-in, after the first factor."""


class ReauthenticateForm(_CodeForm, base.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Before a dangerous act."""


class ActivateAppForm(totp.ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label=gettext_lazy("Authenticator code"),
        max_length=32,
        help_text=gettext_lazy("The six digits that the app shows now."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "form-control"}
        ),
    )


class _PasskeyForm(forms.Form):
    """The answer of a passkey, from the one origin."""

    credential = forms.JSONField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        response = auth.parse_authentication_response(self.cleaned_data["credential"])
        _check_origin(response.response.client_data.origin)
        return super().clean_credential()  # type: ignore[misc]  # the library's form is behind this one


class AuthenticatePasskeyForm(_PasskeyForm, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """As the second factor."""


class LoginPasskeyForm(_PasskeyForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """As the only factor."""


class ReauthenticatePasskeyForm(_PasskeyForm, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Before a dangerous act."""


class AddPasskeyForm(webauthn.SignupWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new passkey. It always signs in alone, so it always asks for PIN or biometric."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("So that you know it again, such as “Laptop” or “Blue key”."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]
        _check_origin(auth.parse_registration_response(credential).response.client_data.origin)
        return credential


class RenamePasskeyForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Another name for a passkey."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )


def _check_origin(origin: str) -> None:
    expected = origin_of(context.request)
    if origin.rstrip("/") != expected:
        said = _("This passkey answered for %(origin)s. Sign in at %(expected)s.")
        raise ValidationError(said % {"origin": origin[:200], "expected": expected})


def _first_use(user_id: object, code: str) -> bool:
    return cache.add(f"totp-used:{user_id}:{normalize_user_code(code)}", "y", timeout=_CODE_LIFE)
