"""From one day to another, as the viewer's calendar has them."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.console.forms import ConsoleForm

#: Names of time zones are shorter.
_LONGEST = 64


class DaysForm(ConsoleForm):
    """Two days, both included. The page's script fills in the viewer's zone; without it days are those of UTC."""

    since = forms.DateField(
        label=gettext_lazy("From day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )  # fmt: skip
    until = forms.DateField(
        label=gettext_lazy("To day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )  # fmt: skip
    zone = forms.CharField(
        required=False, max_length=_LONGEST, widget=forms.HiddenInput(attrs={"data-zone": ""})
    )

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, which would find nothing."""
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one: nothing could be found."))
        return cleaned

    def bounds(self) -> dict[str, datetime]:
        """Lookups on `at` for the days that were given; of a form that was validated."""
        zone = zone_named(self.cleaned_data.get("zone") or "")
        found = {}
        if since := self.cleaned_data.get("since"):
            found["at__gte"] = _midnight(since, zone)
        if until := self.cleaned_data.get("until"):
            found["at__lt"] = _midnight(min(until, date.max - timedelta(days=2)) + timedelta(days=1), zone)
        return found


def zone_named(name: str) -> tzinfo:
    """Return the time zone of that name, or UTC where nobody knows it."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _midnight(day: date, zone: tzinfo) -> datetime:
    # The first and last day of the calendar have no midnight in every zone.
    inside = max(day, date.min + timedelta(days=2))
    return datetime.combine(inside, time.min, tzinfo=zone)
