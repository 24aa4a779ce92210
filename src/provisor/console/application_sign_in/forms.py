"""The form of single sign-on."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.applications.models import SingleSignOn
from provisor.console.application_sign_in import claims_text
from provisor.console.forms import ConsoleForm
from provisor.mapping.claims import DEFAULT_CLAIMS

_LONGEST = 20_000


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "code-field", "spellcheck": "false"})


class SingleSignOnForm(ConsoleForm):
    """Where people are sent back to, and what the application is told of them."""

    redirect_uris = forms.CharField(
        label=gettext_lazy("Redirect addresses"),
        max_length=_LONGEST,
        widget=_lines(3),
        help_text=gettext_lazy(
            "One on each line, letter by letter as the application says (redirect URI, callback URL)."
        ),
    )
    claims = forms.CharField(
        label=gettext_lazy("Claims"),
        max_length=_LONGEST,
        required=False,
        widget=_lines(8),
        help_text=gettext_lazy('What it is told, one on each line: name = displayName, an expression with :=, a constant in quotes, groups = (groups) for the names of the groups; ?? "text" says what instead of nothing.'),
    )  # fmt: skip

    def __init__(self, given: Any, found: SingleSignOn | None) -> None:
        uris = found.client.get_redirect_uris() if found else []
        rules = found.claims if found else DEFAULT_CLAIMS
        initial = {"redirect_uris": "\n".join(uris), "claims": claims_text.write(rules)}
        super().__init__(given, initial=initial)

    def clean_redirect_uris(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["redirect_uris"].splitlines() if line.strip()]

    def clean_claims(self) -> list[dict[str, Any]]:
        try:
            return claims_text.read(self.cleaned_data["claims"])
        except claims_text.LineRefusedError as refused:
            said = _("Line %(number)d is no claim. Write it like: name = displayName")
            raise forms.ValidationError(said % {"number": refused.number}) from None
