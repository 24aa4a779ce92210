"""Everything that happened to one user, in every application, newest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.console import words
from provisor.directory.models import JournalEntry
from provisor.provisioning.models import AccessInterval, Attempt
from provisor.provisioning.why.known_changes import known_changes

ROWS: Final = 30
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANSWERED_WELL: Final = range(200, 300)
_Found = TypeVar("_Found", bound=Model)
#: Where a page begins: microseconds since 1970, source, id. What is older comes after it.
Place = tuple[int, int, int]
_JOURNAL, _ATTEMPTS, _OPENED, _CLOSED = range(4)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `state` colours its point; `address` leads to more of it."""

    place: Place
    at: datetime
    sentence: str
    state: str = ""
    address: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of events, and the mark of the older ones, or ""."""

    events: list[Event]
    older: str


def read_timeline(user_id: UUID, groups: Sequence[UUID], mark: str, *, rows: int = ROWS) -> Timeline:
    """Return the events before the mark (the newest without one); `groups` are the groups the user is in."""
    place = _read(mark)
    attempts = list(_attempts(user_id, place)[: rows + 1])
    opened, closed = (list(found[: rows + 1]) for found in _intervals(user_id, place))
    entries = list(_entries(user_id, groups, place)[: rows + 1])
    placed: list[Attempt | AccessInterval] = [*attempts, *opened, *closed]
    ids = {each.application_id for each in placed}
    named = {one.id: one.name for one in Application.objects.filter(id__in=ids).only("id", "name")}
    events = [
        *(_of_entry(each, user_id) for each in entries),
        *(_of_attempt(each, named) for each in attempts),
        *_of_intervals(opened, closed, named),
    ]
    events.sort(key=lambda event: event.place, reverse=True)
    shown = events[:rows]
    return Timeline(shown, _mark(shown[-1].place) if len(events) > rows else "")


def _attempts(user_id: UUID, place: Place | None) -> QuerySet[Attempt]:
    found = known(Attempt.objects.filter(local_id=user_id)).defer("request", "response")
    return _before(found, "at", _ATTEMPTS, place, 1_000).order_by("-at", "-id")


def _intervals(
    user_id: UUID, place: Place | None
) -> tuple[QuerySet[AccessInterval], QuerySet[AccessInterval]]:
    found = known(AccessInterval.objects.filter(user_id=user_id))
    closed = found.filter(to_at__isnull=False)
    return (
        _before(found, "from_at", _OPENED, place, 1_000).order_by("-from_at", "-id"),
        _before(closed, "to_at", _CLOSED, place, 1_000).order_by("-to_at", "-id"),
    )


def _entries(user_id: UUID, groups: Sequence[UUID], place: Place | None) -> QuerySet[JournalEntry]:
    """The user's own entries, those of their groups that name them, and those that caused an attempt."""
    own = JournalEntry.objects.filter(subject_id=user_id)
    causes = known(Attempt.objects.filter(local_id=user_id, entry_id__isnull=False))
    joined = (
        JournalEntry.objects.filter(
            subject_id__in=list(groups), event__in=("group.members_added", "group.members_removed")
        )
        .annotate(text=Cast("detail", TextField()))
        .filter(text__contains=str(user_id))
    )
    ids = Q(id__in=own.values("id")) | Q(id__in=joined.values("id")) | Q(id__in=causes.values("entry_id"))
    return _before(known_changes(JournalEntry.objects.filter(ids)), "at", _JOURNAL, place, 0).order_by(
        "-at", "-id"
    )


def _before(
    found: QuerySet[_Found], field: str, source: int, place: Place | None, unit: int
) -> QuerySet[_Found]:
    """Keep what comes after the place in the order of `Place`, falling. `unit`: microseconds of one, 0 for a date."""
    if place is None:
        return found
    micros, of, last = place
    moment: Any = _EPOCH + timedelta(microseconds=micros) if not unit else micros // unit
    past = Q(**{f"{field}__lt": moment})
    # Within the millisecond of a finer moment everything coarser comes before it.
    if source < of or (unit and micros % unit):
        past |= Q(**{field: moment})
    elif source == of:
        past |= Q(**{field: moment, "id__lt": last})
    return found.filter(past)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _of_entry(entry: JournalEntry, user_id: UUID) -> Event:
    told = _TOLD.get(entry.event)
    sentence = told(entry.detail, entry.actor) if told else _plainly(entry)
    address = "" if entry.subject_id == user_id or not entry.event.startswith("group.") else (
        reverse("group", args=[entry.subject_id])
    )  # fmt: skip
    return Event((_micros(entry.at), _JOURNAL, entry.id), entry.at, sentence, "", address)


def _plainly(entry: JournalEntry) -> str:
    name = entry.detail.get("name") or entry.detail.get("displayName") or entry.detail.get("userName") or ""
    about = f"{words.event(entry.event)} ({name})" if name else words.event(entry.event)
    return _("%(what)s, by %(who)s") % {"what": about, "who": entry.actor}


def _created(_detail: Mapping[str, Any], who: str) -> str:
    return _("Added to the directory by %(who)s") % {"who": who}


def _updated(detail: Mapping[str, Any], who: str) -> str:
    attributes = ", ".join(str(name).rpartition(":")[2] for name in detail.get("attributes", []))
    return _("Changed by %(who)s: %(attributes)s") % {"who": who, "attributes": attributes or "—"}


def _enabled(_detail: Mapping[str, Any], who: str) -> str:
    return _("Activated by %(who)s") % {"who": who}


def _disabled(_detail: Mapping[str, Any], who: str) -> str:
    return _("Deactivated by %(who)s") % {"who": who}


def _deleted(_detail: Mapping[str, Any], who: str) -> str:
    return _("Deleted by %(who)s") % {"who": who}


def _manager_cleared(_detail: Mapping[str, Any], who: str) -> str:
    return _("Has no manager any more: the manager was deleted by %(who)s") % {"who": who}


def _came(detail: Mapping[str, Any], who: str) -> str:
    return _("Added to the group %(group)s by %(who)s%(others)s") % _crowd(detail, who)


def _left(detail: Mapping[str, Any], who: str) -> str:
    return _("Removed from the group %(group)s by %(who)s%(others)s") % _crowd(detail, who)


def _crowd(detail: Mapping[str, Any], who: str) -> dict[str, str]:
    others = int(detail.get("count", 1)) - 1
    more = _(", with %(count)s others") % {"count": f"{others:,}"} if others > 0 else ""
    return {"group": str(detail.get("displayName", "")), "who": who, "others": more}


_TOLD: Final[dict[str, Callable[[Mapping[str, Any], str], str]]] = {
    "user.created": _created,
    "user.updated": _updated,
    "user.enabled": _enabled,
    "user.disabled": _disabled,
    "user.deleted": _deleted,
    "user.manager_cleared": _manager_cleared,
    "group.members_added": _came,
    "group.members_removed": _left,
}


def _of_attempt(attempt: Attempt, named: Mapping[UUID, str]) -> Event:
    well = attempt.status in _ANSWERED_WELL
    answer = _("answered %(status)s") % {"status": attempt.status} if attempt.status else _("no answer")
    took = _("%(count)s ms") % {"count": f"{attempt.milliseconds:,.0f}"}
    return Event(
        (attempt.at * 1_000, _ATTEMPTS, attempt.id),
        _moment(attempt.at),
        f"{named.get(attempt.application_id, '')}: {words.event(attempt.act).lower()}",
        "in_sync" if well else "failed",
        reverse("attempt", args=[attempt.id]),
        f"{attempt.method} {attempt.path}: {answer}, {took}"
        + (f". {attempt.reason}" if attempt.reason else ""),
    )


def _of_intervals(
    opened: Sequence[AccessInterval], closed: Sequence[AccessInterval], named: Mapping[UUID, str]
) -> Iterator[Event]:
    for each in opened:
        about = {"name": named.get(each.application_id, ""), "account": each.remote_id}
        sentence = _("%(name)s: the account %(account)s is live") % about
        yield Event((each.from_at * 1_000, _OPENED, each.id), _moment(each.from_at), sentence, "active")
    for each in closed:
        if each.to_at is not None:
            about = {
                "name": named.get(each.application_id, ""),
                "account": each.remote_id,
                "cause": each.to_cause,
            }
            sentence = _("%(name)s: the account %(account)s is no longer live (%(cause)s)") % about
            yield Event((each.to_at * 1_000, _CLOSED, each.id), _moment(each.to_at), sentence, "inactive")


def _mark(place: Place) -> str:
    return "-".join(str(part) for part in place)


def _read(mark: str) -> Place | None:
    """An old or a forged link shows the newest."""
    parts = mark.split("-")
    if len(parts) != len(("micros", "source", "id")) or not all(part.isdecimal() for part in parts):
        return None
    micros, source, last = (int(part) for part in parts)
    far = 2**53
    return (micros, source, last) if micros < far and last < far else None
