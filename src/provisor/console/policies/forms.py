"""Forms of the pages of policies."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.narrowing import known
from provisor.applications.granting import can_combine
from provisor.applications.lookup import live_applications
from provisor.applications.models import Policy
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.groups.forms import NamesField, choosing
from provisor.console.policies.wording import FACTORS, FACTORS_WITHOUT_PASSWORD, METHODS
from provisor.directory.names import LONGEST_NAME
from provisor.directory.queries import find_group
from provisor.directory.refusal import DirectoryRefusal
from provisor.mapping.expression import LONGEST_EXPRESSION

#: Asks for the second factors that go with the login method, as soon as another one is chosen.
_ASKS_FOR_FACTORS = {
    "hx-get": reverse_lazy("policy-second-factor"),
    "hx-include": "closest form",
    "hx-target": "#second-factor",
    "hx-swap": "outerHTML",
    "data-quiet": "",
}


class PolicyForm(ConsoleForm):
    """How a policy is named, how its people sign in, and what goes with the account."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    login_method = forms.ChoiceField(
        label=gettext_lazy("Login method"),
        choices=list(METHODS.items()),
        help_text=gettext_lazy(
            "How these people sign in to Provisor. Passwords are never sent to an application."
        ),
        widget=forms.Select(attrs=_ASKS_FOR_FACTORS),
    )
    second_factor = forms.ChoiceField(label=gettext_lazy("Second factor"), choices=list(FACTORS.items()))
    push_group = forms.BooleanField(
        label=gettext_lazy("Push the group"),
        required=False,
        help_text=gettext_lazy("The group itself becomes a group in the application, with its members."),
    )
    scope = forms.CharField(
        label=gettext_lazy("Only for"),
        required=False,
        max_length=LONGEST_EXPRESSION,
        help_text=gettext_lazy(
            'A condition over the user in CEL, such as user.userType == "Employee". Whom it keeps out does not get the '
            "application by this policy. Empty: everybody in the group."
        ),
        widget=forms.Textarea(
            attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "off", "class": "mono"}
        ),
    )
    roles = NamesField(
        label=gettext_lazy("Roles"),
        help_text=gettext_lazy("Names of roles in the application, one on each line."),
    )
    entitlements = NamesField(
        label=gettext_lazy("Entitlements"),
        help_text=gettext_lazy("Names of permissions in the application, one on each line."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is offered fits the login method. Everything is taken, so that a refusal can say why.
        chosen = str(self["login_method"].value() or Policy.LoginMethod.PASSWORD)
        self.fields["second_factor"].widget.choices = _factors(chosen)

    def clean(self) -> dict[str, Any]:
        """Refuse a second factor that the login method does not take."""
        values = super().clean() or self.cleaned_data
        method, factor = values.get("login_method"), values.get("second_factor")
        if method and factor and not can_combine(method, factor):
            self.add_error(
                "second_factor",
                _(
                    "This goes with a password only. Choose “Password” as the login method, or no second factor."
                ),
            )
        return values


def _factors(login_method: str) -> list[tuple[str, Any]]:
    words = FACTORS_WITHOUT_PASSWORD if login_method == Policy.LoginMethod.PASSWORDLESS else FACTORS
    return [
        (value, words.get(value, FACTORS[value])) for value in FACTORS if can_combine(login_method, value)
    ]


class AddPolicyForm(PolicyForm):
    """A new policy: besides the above, the application and the group, which cannot be changed later."""

    application = forms.ChoiceField(label=gettext_lazy("Application"))
    group = forms.CharField(
        label=gettext_lazy("Group"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("Type a part of its name and choose."),
        widget=forms.TextInput(attrs=choosing(reverse_lazy("group-choices"), "group-options")),
    )
    field_order = ("application", "group", "name", "login_method", "second_factor")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        self.fields["login_method"].required = False
        self.fields["second_factor"].required = False
        names = [
            (str(one), name)
            for one, name in known(live_applications(), "pk").order_by("name_key").values_list("id", "name")
        ]
        field = self.fields["application"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose an application")), *names]

    def clean_group(self) -> UUID:
        """Return the group's id; it was given by its name, or by the id in a link."""
        try:
            return find_group(self.cleaned_data["group"]).id
        except DirectoryRefusal:
            said = _("There is no group “%(name)s”. Choose one from the list, or create it.")
            raise ValidationError(said % {"name": self.cleaned_data["group"]}) from None


class EditPolicyForm(EditionMixin, PolicyForm):
    """A policy that is there, with the edition that the person saw."""
