"""Which applications an account looks after, or a token is for: a field of forms, and words for lists."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from provisor.access.models import Account, Token
from provisor.access.narrowing import known
from provisor.access.permissions import BOUNDABLE
from provisor.applications.lookup import live_applications

ALL: Final = "all"
#: Names that a row of a list tells.
_NAMED: Final = 3


class BoundsField(forms.MultipleChoiceField):
    """Cleaned to None for all applications, else to the ids of those that were ticked, which may be none."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        ticked: list[str] = super().clean(value)
        return None if ALL in ticked else [UUID(one) for one in ticked]


_EVERY: Final = gettext_lazy("All applications")


def bounds_field(*, all_of_them: Any = _EVERY) -> BoundsField:
    return BoundsField(
        label=gettext_lazy("Looks after"),
        choices=lambda: [(ALL, all_of_them), *_choices()],
        required=False,
        help_text=gettext_lazy(
            "Counts for application administrators, approvers and help desk. Nothing ticked is no application. "
            "Who looks after some of them only cannot change the directory."
        ),
    )


def _choices() -> list[tuple[str, str]]:
    found = known(live_applications(), "pk").order_by("name_key").values_list("id", "name")
    return [(str(key), name) for key, name in found]


def initial(held: Account | Token) -> list[str]:
    return [ALL] if held.applications is None else held.applications


def asked(form: forms.Form) -> Any:
    """What a valid form asks for: None where the role looks after everything anyway."""
    return form.cleaned_data["applications"] if form.cleaned_data["role"] in BOUNDABLE else None


def told(rows: Iterable[Account | Token]) -> Mapping[Any, str]:
    """By the id of each row, which applications it is for, in words; one query for all of them."""
    held = list(rows)
    ids = {one for row in held for one in row.applications or ()}
    names = (
        {str(key): name for key, name in live_applications().filter(pk__in=ids).values_list("pk", "name")}
        if ids
        else {}
    )
    return {row.pk: _words(row, names) for row in held}


def _words(row: Account | Token, names: Mapping[str, str]) -> str:
    if row.applications is None:
        return _("All applications") if isinstance(row, Account) else _("All of its account")
    mine = sorted(names[one] for one in row.applications if one in names)
    if not mine:
        return _("No application")
    more = len(mine) - _NAMED
    rest = ngettext(" and %(count)d more", " and %(count)d more", more) % {"count": more} if more > 0 else ""
    return ", ".join(mine[:_NAMED]) + rest
