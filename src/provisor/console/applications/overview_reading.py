"""What the overview of an application says: numbers, current work, what fails and why, the pace."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Q

from provisor.applications.models import Application
from provisor.console.applications.attempts import AttemptRow, rows_of
from provisor.provisioning.clock import now
from provisor.provisioning.models import Attempt, Kind, Link, Run

_MINUTE: Final = 60_000
#: Minutes of the small chart.
MINUTES: Final = 60
#: In the order in which a person reads them.
STATES: Final = (
    "in_sync", "due", "waiting", "held", "failed", "conflict", "missing", "released", "excluded",
)  # fmt: skip
#: States in which something went wrong, or stands still, for a reason.
_TROUBLED: Final = ("failed", "conflict", "missing", "waiting", "due")
_REASONS, _RUNS, _ATTEMPTS = 8, 5, 8


@dataclass(frozen=True, slots=True)
class Number:
    """How many users and groups are in one state."""

    state: str
    accounts: int
    groups: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason, and how many it stops."""

    state: str
    kind: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Current:
    """The work under way. `done` and `total` count links; `rate` is links per second over the last minute."""

    run: Run | None
    done: int
    total: int
    left: int
    rate: float
    requests_per_second: float
    #: Seconds that are left at this rate; None while nothing tells.
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything of the page but its head."""

    numbers: list[Number]
    accounts: int
    groups: int
    troubles: list[Trouble]
    current: Current | None
    minutes: list[int]
    runs: list[Run]
    attempts: list[AttemptRow]

    @property
    def requests(self) -> int:
        """Requests of the last hour."""
        return sum(self.minutes)


def overview_of(application: Application, status: Mapping[str, Any]) -> Overview:
    """Read the overview, in seven queries at most."""
    counts = _counts(application.id, status)
    moment = now()
    runs = list(Run.objects.filter(application=application).order_by("-id")[:_RUNS])
    return Overview(
        numbers=[
            Number(state, counts[state, Kind.USER], counts[state, Kind.GROUP])
            for state in STATES
            if counts[state, Kind.USER] or counts[state, Kind.GROUP] or state in ("in_sync", "due", "failed")
        ],
        accounts=sum(count for (_, kind), count in counts.items() if kind == Kind.USER),
        groups=sum(count for (_, kind), count in counts.items() if kind == Kind.GROUP),
        troubles=_troubles(application.id),
        current=_current(application, counts, runs, moment),
        minutes=_minutes(application.id, moment),
        runs=runs,
        attempts=rows_of(Attempt.objects.filter(application=application).order_by("-id")[:_ATTEMPTS]),
    )


def _counts(application_id: UUID, status: Mapping[str, Any]) -> Counter[tuple[str, str]]:
    """Count by state and kind: groups are few, and accounts are the rest of what the status has counted already.

    What is due is counted here, since the status adds changes that may concern other applications only.
    """
    few = Link.objects.filter(Q(kind=Kind.GROUP) | Q(state=Link.State.DUE), application=application_id)
    rows = few.values_list("kind", "state").annotate(count=Count("id")).order_by()
    counts = Counter({(state, kind): count for kind, state, count in rows})
    for state in set(STATES) - {Link.State.DUE}:
        counts[state, Kind.USER] = max(status[state] - counts[state, Kind.GROUP], 0)
    return counts


def _troubles(application_id: UUID) -> list[Trouble]:
    """Reasons with how many they stop, the most frequent first; also of those that are tried again by themselves."""
    rows = (
        Link.objects.filter(application=application_id, state__in=_TROUBLED)
        .exclude(reason="")
        .exclude(state=Link.State.DUE, attempts=0)
        .values_list("state", "kind", "reason")
        .annotate(count=Count("id"))
        .order_by("-count", "reason")[:_REASONS]
    )
    return [Trouble(*row) for row in rows]


def _minutes(application_id: UUID, moment: int) -> list[int]:
    """Requests in each minute of the last hour, oldest first; one query, bounded by time."""
    first = moment // _MINUTE - MINUTES + 1
    rows = (
        Attempt.objects.filter(application=application_id, at__gte=first * _MINUTE)
        .annotate(minute=F("at") / _MINUTE)
        .values_list("minute")
        .annotate(count=Count("id"))
        .order_by()
    )
    found = {int(minute): count for minute, count in rows}
    return [found.get(first + place, 0) for place in range(MINUTES)]


def _current(
    application: Application, counts: Counter[tuple[str, str]], runs: Sequence[Run], moment: int
) -> Current | None:
    """What is being worked through; None where nothing is due, or nothing may be sent."""
    states = {run.state: run for run in reversed(runs)}
    under_way = states.get(Run.State.RUNNING) or states.get(Run.State.REQUESTED)
    left = counts[Link.State.DUE, Kind.USER] + counts[Link.State.DUE, Kind.GROUP]
    if application.paused or application.mode != Application.Mode.ENFORCE or not (left or under_way):
        return None
    rate, requests = _pace(application.id, under_way, moment)
    total = sum(counts.values())
    seconds = round(left / rate) if rate and left else None
    return Current(under_way, total - left, total, left, rate, requests, seconds)


def _pace(application_id: UUID, run: Run | None, moment: int) -> tuple[float, float]:
    """Links and requests per second, over the last minute or since the run began."""
    begun = run.started_at if run is not None and run.started_at else 0
    since = max(moment - _MINUTE, begun)
    seconds = max((moment - since) / 1_000, 1.0)
    found = Attempt.objects.filter(application=application_id, at__gte=since).aggregate(
        links=Count("link_id", distinct=True, filter=Q(status__gte=200, status__lt=300)), requests=Count("id")
    )
    return found["links"] / seconds, found["requests"] / seconds
