"""Credentials as a form: written, never read back. No value of a secret is ever put into a page."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.applications.models import Application
from provisor.applications.profiles import GENERIC, load_profile
from provisor.applications.refusals import ConfigurationRefusal
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.scim.authentication import METHODS, CredentialField

_NAMED = re.compile(r'value "(\w+)"')


class CredentialForm(EditionMixin, ConsoleForm):
    """One slot. The fields of all methods are there; the page shows those of the method that is chosen."""

    method = forms.ChoiceField(label=gettext_lazy("Authentication"))

    def __init__(self, data: Any, application: Application, *, slot: str, stored: bool) -> None:
        super().__init__(
            data,
            auto_id=f"{slot}-%s",
            initial={"method": application.auth_method, "edition": application.version},
        )
        self.slot = slot
        methods = self.fields["method"]
        assert isinstance(methods, forms.ChoiceField)
        methods.choices = [(name, METHODS[name].title) for name in _in_order(application)]
        for method in METHODS.values():
            for each in method.fields:
                self.fields[f"{method.name}-{each.name}"] = _field(
                    each, stored=stored and method.name == application.auth_method
                )

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each method."""
        return [(name, [self[f"{name}-{each.name}"] for each in METHODS[name].fields]) for name in METHODS]

    @property
    def values(self) -> dict[str, str]:
        """What was typed for the chosen method, without what was left empty."""
        method = METHODS[self.cleaned_data["method"]]
        typed = {each.name: self.cleaned_data.get(f"{method.name}-{each.name}", "") for each in method.fields}
        return {name: value for name, value in typed.items() if value}

    def place(self, refusal: ConfigurationRefusal) -> None:
        """Put what the service says beside its field; its sentences name fields, never values of secrets."""
        method = self.cleaned_data["method"]
        for problem in refusal.problems:
            named = _NAMED.search(problem.reason)
            name = named[1] if named else problem.place.rpartition("/")[2]
            field = f"{method}-{name}" if f"{method}-{name}" in self.fields else None
            self.add_error(field, f"{problem.reason} {problem.hint}".strip())
        if any(each.secret for each in METHODS[method].fields):
            self.add_error(
                None, _("Nothing was stored. Type the secret again: it is never put back into a page.")
            )


def _in_order(application: Application) -> Iterator[str]:
    """The usual methods of the profile first."""
    try:
        usual = load_profile(application.profile).auth_methods
    except KeyError:
        usual = load_profile(GENERIC).auth_methods
    yield from (name for name in usual if name in METHODS)
    yield from (name for name in METHODS if name not in usual)


def _field(each: CredentialField, *, stored: bool) -> forms.CharField:
    attributes = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    if each.secret:
        attributes |= {"autocomplete": "new-password", "data-secret": ""}
    if stored and each.secret:
        attributes["placeholder"] = _("stored; type a new one to replace it")
    widget = (
        forms.PasswordInput(attrs=attributes, render_value=False)
        if each.secret
        else forms.TextInput(attrs=attributes)
    )
    return forms.CharField(
        label=each.name.replace("_", " ").capitalize(),
        required=False,
        max_length=20_000,
        strip=each.name != "password",
        widget=widget,
        help_text=each.description,
    )
