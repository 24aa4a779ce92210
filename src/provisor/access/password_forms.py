"""allauth's form of a new password, in the words of the other pages."""

from typing import Any, Final

from allauth.account import forms
from django.utils.translation import gettext_lazy as _

_LABELS: Final = {
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password (again)"),
}


class ChangePasswordForm(forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Labels alone say what a field is: a placeholder that repeats its label is gone once somebody types."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name, label in _LABELS.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)
