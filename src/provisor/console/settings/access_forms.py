"""Forms on who may sign in."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisor.access.models import Account, Role, Token
from provisor.console.forms import ConsoleForm
from provisor.console.settings.bounds import ALL, bounds_field
from provisor.console.settings.roles import choices

_LONGEST_PASSWORD: Final = 256


def _password(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class AddAdministratorForm(ConsoleForm):
    """A new account that can sign in at once."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}))  # fmt: skip
    name = forms.CharField(label=_("Name"), required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip
    role = forms.ChoiceField(label=_("Role"), choices=choices, initial=Role.AUDITOR, help_text=_("The table shows what each role may do."))  # fmt: skip
    applications = bounds_field()
    password = _password(
        _("First password"),
        _("At least 12 characters. Hand it over in person; they change it after signing in."),
    )


class RoleForm(ConsoleForm):
    """Another role, other applications. `seen` is what the person saw."""

    role = forms.ChoiceField(label=_("Role"), choices=choices)
    applications = bounds_field()
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40_000, required=False)


class PasswordForm(ConsoleForm):
    """A new password for somebody else."""

    password = _password(_("New password"), _("At least 12 characters."))


class TokenForm(ConsoleForm):
    """A new API token; who may manage access can issue it to somebody else."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("What will use it, such as “HR sync”. It is in the audit record with every act."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"), help_text=_("The least that does: it can never do more than its account.")
    )
    use = forms.ChoiceField(
        label=_("For"),
        choices=[
            (Token.Use.ALL.value, _("Everything that its role may")),
            (Token.Use.READ.value, _("Reading only")),
            (Token.Use.SCIM.value, _("The SCIM directory API only")),
        ],
        initial=Token.Use.ALL.value,
        required=False,
    )
    applications = bounds_field(all_of_them=_("All that its account looks after"))
    days = forms.ChoiceField(
        label=_("Valid for"),
        choices=[
            ("30", _("30 days")),
            ("90", _("90 days")),
            ("365", _("1 year")),
            ("", _("Until it is revoked")),
        ],
        initial="90",
        required=False,
    )
    account = forms.EmailField(
        label=_("For the account"), required=False, max_length=254, help_text=_("The e-mail of the account that it belongs to.")
    )  # fmt: skip

    def __init__(self, given: Any, account: Account, *, for_others: bool) -> None:
        super().__init__(given, initial={"account": account.email, "applications": [ALL]})
        self.own = account
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = choices(account.role)
        role.initial = choices(account.role)[-1][0]
        if not for_others:
            del self.fields["account"]

    def clean_account(self) -> Account:
        """Return the account of that e-mail; one's own where nothing was typed."""
        email: str = self.cleaned_data["account"].lower()
        found: Account | None = Account.objects.filter(email=email).first() if email else self.own
        if found is None:
            raise forms.ValidationError(_("There is no account with this e-mail. Add it first."))
        return found

    def expires_at(self) -> datetime | None:
        """When the token ends; of a form that was validated."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
