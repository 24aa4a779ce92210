"""Who had an account on a day: one page for an application, one for a person."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.applications.frame import frame
from provisor.console.exports import csv_answer
from provisor.console.forms import ConsoleForm
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.directory.models import User
from provisor.provisioning.why.access import Access, Day, NoSuchDay, access_on, every_access, read_day, told

HEADER = ("application", "user", "user id", "account", "from", "because", "to", "because of")


class DayForm(ConsoleForm):
    """A day, and the zone in which it is one."""

    on = forms.CharField(
        label=gettext_lazy("Day"), max_length=20, widget=forms.DateInput(attrs={"type": "date"})
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "UTC", "autocomplete": "off", "spellcheck": "false"}),
    )


@require_safe
@requires(Permission.READ)
def of_application(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Everybody whose account in the application was live on the day."""
    context = frame(request, application_id, "accounts")
    return _answer(request, context, "console/access_days/application.html", application_id=application_id)


@require_safe
@requires(Permission.READ)
def of_user(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """Every application in which a person's account was live on the day; who was deleted has a page, too."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    return _answer(request, {"person": user}, "console/access_days/user.html", user_id=user_id)


def _answer(request: HttpRequest, context: dict[str, Any], template: str, **whose: UUID) -> HttpResponseBase:
    given = request.GET if "on" in request.GET else {"on": timezone.now().astimezone(UTC).date().isoformat()}
    form = DayForm(given)
    context |= {"form": form, "day": None}
    day = _read(form)
    if day is not None:
        found = access_on(day, **whose)
        if request.GET.get("export") == "csv":
            return csv_answer(request, f"access-{day.on}", HEADER, _lines(every_access(found)))
        page = page_of(found, request, "id")
        context |= {"day": day, "page": page, "rows": told(list(page.rows))}
    return render(request, template, context)


def _read(form: DayForm) -> Day | None:
    if not form.is_valid():
        return None
    try:
        return read_day(form.cleaned_data["on"], form.cleaned_data["zone"])
    except NoSuchDay as wrong:
        form.add_error("on", str(wrong))
        return None


def _lines(rows: Iterable[Access]) -> Iterable[list[Any]]:
    for row in rows:
        yield [
            row.application, row.user_name, row.user_id, row.remote_id, _time(row.from_at), row.from_cause,
            _time(row.to_at), row.to_cause,
        ]  # fmt: skip


def _time(milliseconds: int | None) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat() if milliseconds is not None else ""
