"""Forms of the pages of groups."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.directory.names import LONGEST_NAME, fold
from provisor.directory.queries import groups, users

#: Lines of one field; whoever has more names has them in a file.
MOST_LINES = 1000
#: Names that an error shows.
_SHOWN = 3


def choosing(address: Promise | str, options: str) -> dict[str, Any]:
    """Return the attributes of a text field that offers names while one types; `options` is the id of its datalist."""
    return {
        "list": options,
        "autocomplete": "off",
        "spellcheck": "false",
        "hx-get": address,
        "hx-trigger": "input changed delay:150ms",
        "hx-target": f"#{options}",
        "hx-sync": "this:queue last",
        "data-quiet": "",
    }


class NamesField(forms.CharField):
    """One name on each line; a list can be pasted. Cleaned to the names, each once."""

    def __init__(self, **options: Any) -> None:
        area = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"})
        super().__init__(required=False, max_length=MOST_LINES * (LONGEST_NAME + 2), widget=area, **options)

    def clean(self, value: Any) -> list[str]:
        """Raise `ValidationError` for more lines than a form should carry."""
        text: str = super().clean(value)
        names = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if len(names) > MOST_LINES:
            said = _("These are %(count)d names. Up to %(most)d fit here; import more from a CSV file.")
            raise ValidationError(said % {"count": len(names), "most": MOST_LINES})
        return names


class CreateGroupForm(ConsoleForm):
    """A new group, and who is in it from the start. Only the name must be given."""

    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("As people know it. Names compare without case."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    members = NamesField(
        label=gettext_lazy("Users"),
        help_text=gettext_lazy("User names, one on each line. A list can be pasted."),
    )
    inside = NamesField(
        label=gettext_lazy("Groups inside"),
        help_text=gettext_lazy(
            "Names of groups, one on each line. Their members belong to the new group too."
        ),
    )

    def clean_members(self) -> list[UUID]:
        """Return the ids of the users."""
        return _ids_of(
            self.cleaned_data["members"], users(), "user_name_key",
            lambda count: ngettext(
                "There is no user %(names)s. Correct it, or add the user first.",
                "There are no users %(names)s. Correct them, or add the users first.",
                count,
            ),
        )  # fmt: skip

    def clean_inside(self) -> list[UUID]:
        """Return the ids of the groups."""
        return _ids_of(
            self.cleaned_data["inside"], groups(), "display_name_key",
            lambda count: ngettext(
                "There is no group %(names)s. Correct it, or create the group first.",
                "There are no groups %(names)s. Correct them, or create the groups first.",
                count,
            ),
        )  # fmt: skip


def _ids_of(names: list[str], rows: QuerySet[Any], key: str, unknown: Callable[[int], str]) -> list[UUID]:
    """Return the ids of those with these names, in their order. Raises ValidationError with the names nobody has."""
    found: dict[str, UUID] = {}
    for some in _batched([fold(name) for name in names]):
        found |= dict(rows.filter(**{f"{key}__in": some}).values_list(key, "id"))
    missing = [name for name in names if fold(name) not in found]
    if missing:
        raise ValidationError(unknown(len(missing)) % {"names": _listed(missing)})
    return list(dict.fromkeys(found[fold(name)] for name in names))


def _batched(keys: list[str], size: int = 500) -> list[list[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more} if more > 0 else shown


class RenameForm(EditionMixin, ConsoleForm):
    """Another name for a group; it is the same group in every application."""

    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy(
            "The group stays the same one in every application: a rename is an update there."
        ),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class QuickAddForm(ConsoleForm):
    """One user, by the name that somebody types."""

    user = forms.CharField(
        label=gettext_lazy("Add a user by name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs=choosing(reverse_lazy("user-choices"), "user-options")),
    )


class PutInsideForm(ConsoleForm):
    """One group that goes inside, by the name that somebody types."""

    group = forms.CharField(
        label=gettext_lazy("Put a group inside"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs=choosing(reverse_lazy("group-choices"), "group-options")),
    )
