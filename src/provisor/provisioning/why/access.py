"""Who had an account on a day: access intervals, read for one application or for one person (engine.md, section 11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q, QuerySet

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.directory.models import User
from provisor.provisioning.models import AccessInterval

#: Rows that are read at once where all are wanted.
BATCH = 500
#: Of an application that was deleted here: what becomes of its accounts is not known from then on.
APPLICATION_DELETED = "application deleted"


class NoSuchDay(ValueError):  # noqa: N818 - what was asked for
    """The date or the zone is none; the sentence says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in a zone, as the half-open stretch of time from its midnight to the next, in Unix milliseconds."""

    on: date
    zone: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One account that was live on the day. Times in Unix milliseconds; `to_at` None: it is live still."""

    id: int
    application_id: UUID
    application: str
    user_id: UUID
    user_name: str
    remote_id: str
    from_at: int
    from_cause: str
    to_at: int | None
    to_cause: str


def read_day(on: str, zone: str = "") -> Day:
    """Read a date as YYYY-MM-DD and the name of a zone (IANA), UTC by default. Raises NoSuchDay."""
    try:
        day = date.fromisoformat(on.strip())
    except ValueError:
        raise NoSuchDay(f"“{on}” is no date. Write it as year, month, day: 2026-05-31.") from None
    where = _zone(zone.strip())
    try:
        start, end = _midnight(day, where), _midnight(day + timedelta(days=1), where)
    except OverflowError:
        raise NoSuchDay(f"“{on}” is too far away. Write a date such as 2026-05-31.") from None
    return Day(on=day, zone=zone.strip() or "UTC", start=start, end=end)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoSuchDay(
            f"There is no time zone “{name}”. Write one such as Europe/Berlin, or none for UTC."
        ) from None


def _midnight(day: date, zone: tzinfo) -> int:
    """The first moment of a day, Unix milliseconds; days of 23 and 25 hours included."""
    return int(datetime.combine(day, time.min, zone).timestamp()) * 1_000


def access_on(
    day: Day, *, application_id: UUID | None = None, user_id: UUID | None = None
) -> QuerySet[AccessInterval]:
    """Return the intervals that reach into a day, in the order in which they began to be known."""
    found = known(AccessInterval.objects.filter(from_at__lt=day.end)).filter(
        Q(to_at=None) | Q(to_at__gt=day.start)
    )
    # an application that was deleted before the day is none of it
    found = found.filter(Q(application__deleted_at=None) | Q(application__deleted_at__gt=_moment(day.start)))
    if application_id is not None:
        found = found.filter(application_id=application_id)
    if user_id is not None:
        found = found.filter(user_id=user_id)
    return found.order_by("id")


def told(intervals: list[AccessInterval]) -> list[Access]:
    """Return rows with the names of today; two queries. Who was erased has only an id."""
    users = User.objects.only("user_name").in_bulk({each.user_id for each in intervals})
    applications = Application.objects.only("name", "deleted_at").in_bulk(
        {each.application_id for each in intervals}
    )
    return [_access(each, users.get(each.user_id), applications[each.application_id]) for each in intervals]


def every_access(found: QuerySet[AccessInterval]) -> Iterator[Access]:
    """Yield all rows, read in parts."""
    last = 0
    while part := list(found.filter(id__gt=last)[:BATCH]):
        yield from told(part)
        last = part[-1].id


def _access(one: AccessInterval, user: User | None, application: Application) -> Access:
    to_at, to_cause = one.to_at, one.to_cause
    if to_at is None and application.deleted_at is not None:
        to_at, to_cause = int(application.deleted_at.timestamp() * 1_000), APPLICATION_DELETED
    return Access(
        id=one.id, application_id=one.application_id, application=application.name, user_id=one.user_id,
        user_name=user.user_name if user else str(one.user_id), remote_id=one.remote_id, from_at=one.from_at,
        from_cause=one.from_cause, to_at=to_at, to_cause=to_cause,
    )  # fmt: skip


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
