"""Runs with the application's name and what they did."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.provisioning.models import Run
from provisor.provisioning.queries import work_remaining

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Keys of a run's totals that are no operations, and are shown apart.
_COUNTS: Final = ("requests", "failed")
#: A rate of fewer seconds than this is no rate.
_SHORTEST: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    run: Run
    #: Operations and their counts, the most frequent first.
    operations: tuple[tuple[str, int], ...]
    requests: int
    failed: int
    #: Seconds it took so far, or None before it starts.
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a running pass is. `left` is seconds, None while it cannot be told."""

    done: int
    remaining: int
    rate: float
    left: float | None

    @property
    def total(self) -> int:
        return self.done + self.remaining

    @property
    def sentence(self) -> str:
        """Counts, rate and time left in words."""
        parts = [
            ngettext("%(count)s request sent", "%(count)s requests sent", self.done)
            % {"count": f"{self.done:,}"},
            _("%(count)s still due") % {"count": f"{self.remaining:,}"},
            _("%(rate).1f per second") % {"rate": self.rate},
        ]
        if self.left is not None:
            parts.append(_("about %(time)s left") % {"time": duration(self.left)})
        return ", ".join(parts)


def runs(application_id: UUID | None, state: str) -> "QuerySet[Run]":
    """Runs of live applications, narrowed to one application or one state where asked for."""
    found = known(Run.objects.filter(application__deleted_at=None)).select_related("application")
    if application_id is not None:
        found = found.filter(application_id=application_id)
    return found.filter(state=state) if state in Run.State.values else found


def rows_of(found: Iterable[Run]) -> list[RunRow]:
    """Runs as the list shows them."""
    return [_row(run) for run in found]


def _row(run: Run) -> RunRow:
    totals = {name: int(count) for name, count in run.totals.items()}
    operations = sorted(
        ((name, count) for name, count in totals.items() if name not in _COUNTS and count),
        key=lambda pair: -pair[1],
    )
    return RunRow(
        run=run,
        operations=tuple(operations),
        requests=totals.get("requests", 0),
        failed=totals.get("failed", 0),
        seconds=_seconds(run),
    )


def _seconds(run: Run) -> float | None:
    if run.started_at is None:
        return None
    until = run.finished_at if run.finished_at is not None else int(time.time() * 1000)
    return max(until - run.started_at, 0) / 1000


def progress_of(run: Run) -> Progress | None:
    """How far a run is that is under way; the engine counts with every commit."""
    if run.state not in {Run.State.RUNNING, Run.State.REQUESTED}:
        return None
    sent = int(run.totals.get("requests", 0))
    seconds, remaining = _seconds(run) or 0.0, work_remaining(run.application_id)
    rate = sent / seconds if seconds >= _SHORTEST else 0.0
    return Progress(done=sent, remaining=remaining, rate=rate, left=remaining / rate if rate else None)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return _("%(count)d ms") % {"count": round(seconds * 1000)}
    if seconds < 90:  # noqa: PLR2004 - up to a minute and a half, seconds say more
        return _("%(count)d s") % {"count": round(seconds)}
    if seconds < 5400:  # noqa: PLR2004 - and up to an hour and a half, minutes
        return _("%(count)d min") % {"count": round(seconds / 60)}
    return _("%(count).1f h") % {"count": seconds / 3600}


def choices() -> list[tuple[UUID, str]]:
    """Applications to filter by."""
    return list(
        known(Application.objects.filter(deleted_at=None), "pk")
        .order_by("name_key")
        .values_list("id", "name")
    )
