"""The provisioning log: attempts as rows, searched, filtered and paged; for one application or for all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from provisor.console.applications import phrases
from provisor.console.applications.named import Named, groups_called, names_of, users_called
from provisor.console.forms import ConsoleForm
from provisor.directory.models import JournalEntry
from provisor.directory.queries import as_id
from provisor.provisioning.clock import now
from provisor.provisioning.models import Attempt

_HOUR: Final = 3_600_000
_SPANS: Final = {"hour": _HOUR, "day": 24 * _HOUR, "week": 7 * 24 * _HOUR, "month": 30 * 24 * _HOUR}
_CLASSES: Final = {"2": (200, 300), "3": (300, 400), "4": (400, 500), "5": (500, 600)}
#: What an engine calls an exchange; in the order of a pass.
ACTS: Final = (
    "create", "update", "deactivate", "delete", "add_members", "remove_members", "look_up", "list", "read_back",
    "read_now", "probe", "discover", "test",
)  # fmt: skip
#: Attempts that may be looked at together because a person was searched for.
_PEOPLE: Final = 200


class AttemptFilter(ConsoleForm):
    """What the list shows; every field may be empty, and what cannot be is left out."""

    q = forms.CharField(label=_("Path or reason"), required=False, max_length=200)
    who = forms.CharField(label=_("User or group"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Answer"),
        required=False,
        choices=[
            ("", _("Every answer")),
            ("failed", _("Everything that failed")),
            ("2", _("2xx: done")),
            ("3", _("3xx: sent elsewhere")),
            ("4", _("4xx: refused")),
            ("5", _("5xx: failed there")),
            ("none", _("No answer")),
        ],
    )
    act = forms.ChoiceField(
        label=_("Act"),
        required=False,
        choices=[("", _("Every act")), *((act, phrases.plain(act)) for act in ACTS)],
    )
    span = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[
            ("", _("Any time")),
            ("hour", _("Last hour")),
            ("day", _("Last 24 hours")),
            ("week", _("Last 7 days")),
            ("month", _("Last 30 days")),
        ],
    )
    run = forms.UUIDField(label=_("Run"), required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One exchange in a list."""

    attempt: Attempt
    act: str
    tone: str
    subject: Named | None

    @property
    def failed(self) -> bool:
        return self.tone == "failed"


@dataclass(frozen=True, slots=True)
class Cause:
    """The journal entry that led to something."""

    entry_id: int
    event: str
    actor: str
    at: Any
    subject_id: UUID
    detail: Mapping[str, Any]


def filtered(found: QuerySet[Attempt], form: AttemptFilter) -> QuerySet[Attempt]:
    """Keep what the filter asks for. A field with a wrong value is left out: the form says what is wrong."""
    form.is_valid()
    chosen = form.cleaned_data
    if text := chosen.get("q"):
        found = found.filter(Q(path__icontains=text) | Q(reason__icontains=text))
    if chosen.get("who"):
        found = found.filter(local_id__in=_people(chosen["who"]))
    if chosen.get("act"):
        found = found.filter(act=chosen["act"])
    if chosen.get("run"):
        found = found.filter(run_id=chosen["run"])
    if chosen.get("span"):
        found = found.filter(at__gte=now() - _SPANS[chosen["span"]])
    return _answered(found, chosen.get("status") or "")


def _people(text: str) -> list[UUID]:
    if (one := as_id(text)) is not None:
        return [one]
    users = users_called(text).values_list("id", flat=True)[:_PEOPLE]
    return [*users, *groups_called(text).values_list("id", flat=True)[:_PEOPLE]]


def _answered(found: QuerySet[Attempt], status: str) -> QuerySet[Attempt]:
    if status == "none":
        return found.filter(status=None)
    if status == "failed":
        return found.exclude(reason="")
    if status in _CLASSES:
        low, high = _CLASSES[status]
        return found.filter(status__gte=low, status__lt=high)
    return found


def rows_of(attempts: Iterable[Attempt], names: Mapping[UUID, Named] | None = None) -> list[AttemptRow]:
    """Attempts with what they are about; one query for all of them, none where the names are given."""
    kept = list(attempts)
    if names is None:
        names = names_of(each.local_id for each in kept)
    return [
        AttemptRow(each, phrases.plain(each.act), tone(each), names.get(each.local_id) if each.local_id else None)
        for each in kept
    ]  # fmt: skip


def tone(attempt: Attempt) -> str:
    """Good, or failed: a look-up that finds nothing (404) failed for nobody."""
    return "failed" if attempt.reason or attempt.status is None else "good"


def causes_of(entries: Iterable[int | None]) -> dict[int, Cause]:
    """The journal entries behind attempts or links, in one query."""
    wanted = {each for each in entries if each is not None}
    found = JournalEntry.objects.filter(id__in=wanted) if wanted else []
    return {each.id: Cause(each.id, each.event, each.actor, each.at, each.subject_id, each.detail) for each in found}  # fmt: skip


HEADER: Final = (
    "at", "act", "method", "path", "status", "milliseconds", "reason", "user or group", "run", "request", "response",
)  # fmt: skip
_CHUNK: Final = 500


def lines_of(found: QuerySet[Attempt]) -> Iterator[list[Any]]:
    """Rows of the export, newest first, read in parts while they are sent."""
    last: int | None = None
    while True:
        part = list(
            (found if last is None else found.filter(id__lt=last)).order_by("-id")[:_CHUNK]
        )  # fmt: skip
        for row in rows_of(part):
            one = row.attempt
            yield [
                _iso(one.at), one.act, one.method, one.path, one.status, one.milliseconds, one.reason,
                row.subject.name if row.subject else "", one.run_id or "", one.request, one.response,
            ]  # fmt: skip
        if len(part) < _CHUNK:
            return
        last = part[-1].id


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds")
