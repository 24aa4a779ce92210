"""The second step: where the application is, and how Provisor signs in there. Secrets never come back to the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.applications.addresses import read_address
from provisor.applications.credentials import OpenCredential, check_auth
from provisor.applications.profiles import Profile
from provisor.applications.refusals import Problems
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.scim.authentication import METHODS, CredentialField, Method, check_values

#: How the fields of methods are called here; a field that has no word stands under its own name.
_LABELS: Final[Mapping[str, Any]] = {
    "token": gettext_lazy("Token"),
    "username": gettext_lazy("User name"),
    "password": gettext_lazy("Password"),
    "name": gettext_lazy("Header name"),
    "value": gettext_lazy("Header value"),
    "token_url": gettext_lazy("Token URL"),
    "client_id": gettext_lazy("Client ID"),
    "client_secret": gettext_lazy("Client secret"),
    "scope": gettext_lazy("Scope"),
}
#: Outer white space may be part of these; of everything else it came from copying.
_KEPT_AS_TYPED: Final = frozenset({"password", "client_secret"})


@dataclass(frozen=True, slots=True)
class Way:
    """One method with its fields, as the page shows it."""

    method: Method
    usual: bool
    chosen: bool
    fields: list[forms.BoundField]


def field_name(method: str, name: str) -> str:
    """The name of the form's field for a value of a method."""
    return f"{method}-{name}"


def _text_field(method: str, field: CredentialField) -> forms.CharField:
    plain = {"autocomplete": "off", "spellcheck": "false"}
    described = {"aria-describedby": _described(field_name(method, field.name))}
    widget: forms.Widget = (
        forms.PasswordInput(
            attrs=plain | described | {"autocomplete": "new-password", "data-secret": True},
            render_value=False,
        )
        if field.secret
        else forms.TextInput(attrs=plain | described)
    )
    return forms.CharField(
        label=_LABELS.get(field.name, field.name),
        help_text=field.description,
        widget=widget,
        required=False,
        strip=field.name not in _KEPT_AS_TYPED,
    )


def _described(name: str) -> str:
    return f"id_{name}_helptext wrong-{name}"


class ConnectionForm(ConsoleForm):
    """The base URL and the credentials. Only the fields of the chosen method count.

    `stored` is what the application has already: as long as nothing else changes, its secrets may stay empty.
    """

    base_url = forms.CharField(
        label=gettext_lazy("SCIM base URL"),
        help_text=gettext_lazy("The address before /Users, as the application's settings show it."),
        widget=forms.TextInput(
            attrs={
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
                "aria-describedby": _described("base_url"),
            }
        ),
    )
    #: Not "method": a field of that name hides what the browser's own scripts ask the form for.
    auth_method = forms.ChoiceField(
        label=gettext_lazy("Credentials"), choices=[(each.name, each.title) for each in METHODS.values()]
    )

    def __init__(
        self,
        *args: Any,
        profile: Profile,
        stored: OpenCredential | None = None,
        at: str = "",
        without_secret: bool = False,
        **kwargs: Any,
    ) -> None:
        """`at` is the base URL that `stored` belongs to; `without_secret` lets the credentials be empty."""
        super().__init__(*args, **kwargs)
        self.profile, self._stored, self._at = profile, stored, at
        self._without_secret = without_secret
        self.fields["base_url"].widget.attrs["placeholder"] = profile.base_url_hint

    def clean_base_url(self) -> str:
        problems = Problems()
        address = read_address(self.cleaned_data["base_url"], "/base_url", problems)
        for problem in problems.found:
            raise forms.ValidationError(" ".join(filter(None, (problem.reason, problem.hint))))
        return address

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        method = cleaned.get("auth_method")
        if method and not (self.keeps_stored or (self._without_secret and not self.values)):
            self._check_values(method)
        return cleaned

    def _check_values(self, method: str) -> None:
        values = self.values
        missing = [field for field in METHODS[method].fields if field.required and field.name not in values]
        for field in missing:
            self.add_error(field_name(method, field.name), self._missing(secret=field.secret))
        for sentence in () if missing else check_values(method, values):
            self.add_error(self._field_of(method, sentence), sentence)
        if not self.errors.keys() - {"base_url"}:
            problems = Problems()
            check_auth({**self.values, "method": method}, problems)
            for problem in problems.found:
                self.add_error(self._field_of(method, '"token_url"'), problem.reason)

    def _missing(self, *, secret: bool) -> str:
        if secret and self._stored is not None:
            return _(
                "What is stored belongs to the address and the account it was entered for: type it again."
            )
        return _("This is missing, and Provisor cannot sign in without it.")

    def _field_of(self, method: str, sentence: str) -> str:
        """The field that a sentence of `check_values` speaks of: its name stands there in quotes."""
        names = [field.name for field in METHODS[method].fields]
        spoken = next((name for name in names if f'"{name}"' in sentence), names[0])
        return field_name(method, spoken)

    @property
    def values(self) -> dict[str, str]:
        """What was typed for the chosen method, without what was left empty."""
        method = self.cleaned_data.get("auth_method", "")
        fields = METHODS[method].fields if method in METHODS else ()
        typed = {field.name: self.cleaned_data.get(field_name(method, field.name), "") for field in fields}
        return {name: text for name, text in typed.items() if text}

    @property
    def keeps_stored(self) -> bool:
        """Whether what is stored is meant: no secret was typed, and everything else is as it was."""
        stored = self._stored
        if stored is None or self.cleaned_data.get("auth_method") != stored.method:
            return False
        return self.cleaned_data.get("base_url") == self._at and self.values == open_values(stored)

    @property
    def can_go_unproved(self) -> bool:
        """Whether it may be saved without a connection that works: nothing but the secrets is missing."""
        if "base_url" in self.errors or "auth_method" in self.errors:
            return False
        return not self.errors or not self.values

    def auth(self) -> dict[str, Any] | None:
        """What the service takes as `auth`: None keeps what is stored."""
        if self.keeps_stored:
            return None
        return {**self.values, "method": self.cleaned_data["auth_method"]}

    def ways(self) -> Iterator[Way]:
        """Every method, those of the profile first."""
        usual = [name for name in self.profile.auth_methods if name in METHODS]
        chosen = self["auth_method"].value() or usual[0]
        for name in dict.fromkeys([*usual, *METHODS]):
            method = METHODS[name]
            fields = [self[field_name(name, field.name)] for field in method.fields]
            yield Way(method, name in usual and len(usual) < len(METHODS), name == chosen, fields)

    def open_texts(self) -> dict[str, str]:
        """What was typed that is no secret, by name of the field: fit to be kept in a session."""
        return {
            field_name(method.name, field.name): self.data.get(field_name(method.name, field.name), "")
            for method in METHODS.values()
            for field in method.fields
            if not field.secret and self.data.get(field_name(method.name, field.name))
        }


ConnectionForm.base_fields |= {
    field_name(method.name, field.name): _text_field(method.name, field)
    for method in METHODS.values()
    for field in method.fields
}


class ChangedConnectionForm(EditionMixin, ConnectionForm):
    """The same for an application that is there."""


def open_values(stored: OpenCredential) -> dict[str, str]:
    """The values of a stored credential that are no secret."""
    secret = {field.name for field in METHODS[stored.method].fields if field.secret}
    return {name: text for name, text in stored.values.items() if name not in secret and text}
