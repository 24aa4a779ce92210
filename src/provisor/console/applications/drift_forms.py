"""Forms of the tab Drift: the filter of the list, the settings, and whose account it is."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from provisor.console.forms import ConsoleForm

WHATS = (
    ("", _("Everything")),
    ("changed", _("Changed")),
    ("missing", _("Not there any more")),
    ("members", _("Other members")),
    ("unknown", _("Unknown here")),
)
MATCHES = (
    ("", _("Any match")),
    ("sure", _("Matched")),
    ("email", _("By e-mail only")),
    ("ambiguous", _("Ambiguous")),
    ("none", _("Nobody here")),
    ("protected", _("Protected")),
)
STATES = (("open", _("To decide")), ("ignored", _("Ignored")), ("settled", _("Settled")))
_EVERY = (
    ("", _("Only when somebody asks")),
    ("6", _("Every 6 hours")),
    ("24", _("Every day")),
    ("168", _("Every week")),
)


class DriftFilter(ConsoleForm):
    """What of the findings is listed; nonsense shows everything."""

    what = forms.ChoiceField(choices=WHATS, required=False, label=_("What"))
    match = forms.ChoiceField(choices=MATCHES, required=False, label=_("Match"))
    state = forms.ChoiceField(choices=STATES, required=False, label=_("State"))

    def chosen(self, name: str) -> str:
        """The value of one choice; empty where it is none."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_narrowed(self) -> bool:
        return any(self.chosen(name) for name in ("what", "match")) or self.chosen("state") not in {
            "",
            "open",
        }


class DriftForm(ConsoleForm):
    """When an application is scanned, and what follows."""

    every = forms.ChoiceField(
        choices=_EVERY,
        required=False,
        label=_("Scan"),
        help_text=_("Reads everything by list pages, beside the changes and at half of the permitted rate."),
    )
    on_difference = forms.ChoiceField(
        choices=(("report", _("List it here")), ("correct", _("Correct it"))),
        label=_("When something differs"),
        help_text=_("Corrections that take something away go through the brake."),
    )
    on_match = forms.ChoiceField(
        choices=(("report", _("List it here")), ("adopt", _("Link it"))),
        label=_("When an unknown account is surely somebody's who is in scope"),
        help_text=_("An e-mail address alone never links anything."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # another number of hours, set by the management API, is kept as it is
        every = str((kwargs.get("initial") or {}).get("every", ""))
        if every and every not in dict(_EVERY):
            self.fields["every"].choices = [*_EVERY, (every, _("Every %(n)s hours") % {"n": every})]  # type: ignore[attr-defined]  # of a ChoiceField

    def changes(self) -> dict[str, Any]:
        """What is to be set, as the service takes it."""
        every = self.cleaned_data["every"]
        return {"drift": {**self.cleaned_data, "every": int(every) if every else None}}


class WhoseForm(ConsoleForm):
    """Whose an unknown account or group is."""

    whose = forms.CharField(max_length=300, label=_("User name or id"))
