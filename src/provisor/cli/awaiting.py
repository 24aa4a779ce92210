"""Waiting until an application holds what the directory says, or until it is clear why it does not."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provisor.cli.progress import Advance, progress
from provisor.cli.words import count

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from provisor.provisioning.models import Link

#: Seconds between two looks.
_LOOK_EVERY: Final = 0.1
#: Links that rest longer than this are not waited for, in milliseconds.
_PATIENCE: Final = 15_000
#: Looks in a row that must find the same, so that a wake-up between two passes is not taken for the end.
_SURE_AFTER: Final = 2
#: Looks without any progress after which it is asked whether an engine runs at all.
_DOUBTFUL_AFTER: Final = 30
#: Seconds without any progress after which the waiting ends: longer than any request may take.
_GIVE_UP_AFTER: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the waiting ended: `reason` is empty when nothing remains."""

    remaining: int = 0
    reason: str = ""


def await_application(application_id: "UUID", run_id: "UUID | None" = None, *, what: str) -> End:
    """Show the progress of an application until nothing is due, or nothing will move for a while.

    `run_id` is a run that was asked for: it is waited for, too.
    """
    with progress(what, "links") as advance:
        return _Watch(application_id, run_id, advance).until_still()


class _Watch:
    """Looks again and again at one application."""

    def __init__(self, application_id: "UUID", run_id: "UUID | None", advance: Advance) -> None:
        self._id, self._run, self._advance = application_id, run_id, advance
        self._most = self._last = 0
        self._unmoved = 0
        self._moved_at = time.monotonic()

    def until_still(self) -> End:
        same: End | None = None
        seen = 0
        while seen < _SURE_AFTER:
            end = self._look()
            seen = seen + 1 if end is not None and end == same else int(end is not None)
            same = end
            time.sleep(_LOOK_EVERY)
        assert same is not None
        return same

    def _look(self) -> End | None:
        """None while there is something to wait for."""
        from provisor.provisioning.queries import work_remaining

        remaining, due = work_remaining(self._id), self._due().count()
        if remaining == self._last:
            self._unmoved += 1
        else:
            self._unmoved, self._moved_at = 0, time.monotonic()
        # Changes that are not folded yet count as work, but nobody knows how many links they will touch.
        self._last, self._most = remaining, max(self._most, due)
        self._advance(self._most - due, self._most)
        if not remaining and not self._run_is_open():
            return End()
        reason = self._standstill() or (self._obstacle(remaining) if remaining else "")
        return End(remaining=remaining, reason=reason) if reason else None

    def _standstill(self) -> str:
        """Why nobody works on it, as far as that can be known from here."""
        if time.monotonic() - self._moved_at > _GIVE_UP_AFTER:
            return f"Nothing moved for {_GIVE_UP_AFTER:.0f} seconds; the log of the service says why."
        doubtful = self._unmoved > _DOUBTFUL_AFTER and self._unmoved % _DOUBTFUL_AFTER < _SURE_AFTER
        return "No engine runs any more. Start one: provisor serve" if doubtful and not _engine_runs() else ""

    def _run_is_open(self) -> bool:
        from provisor.provisioning.models import Run

        open_states = (Run.State.REQUESTED, Run.State.RUNNING)
        return self._run is not None and Run.objects.filter(pk=self._run, state__in=open_states).exists()

    def _obstacle(self, remaining: int) -> str:
        """Why nothing moves, or empty: then something does."""
        from provisor.directory.models import Pending
        from provisor.provisioning.queries import application_status

        status = application_status(self._id)
        if status["state"] != "well" or status.get("mode") == "observe":
            return str(status["reason"])
        if Pending.objects.exists():
            return ""
        return self._rest(remaining)

    def _rest(self, remaining: int) -> str:
        """The links of the application all rest until a time that is too far to wait for."""
        from django.db.models import Min

        next_try = self._due().aggregate(at=Min("not_before"))["at"]
        if next_try is None or next_try <= time.time() * 1_000 + _PATIENCE:
            return ""
        clock = time.strftime("%H:%M:%S", time.localtime(next_try / 1_000))
        return f"{count(remaining, 'link')} failed for now and will be tried again; the next at {clock}."

    def _due(self) -> "QuerySet[Link]":
        from provisor.provisioning.models import Link

        return Link.objects.filter(application_id=self._id, state=Link.State.DUE)


def _engine_runs() -> bool:
    from provisor.provisioning.homes.home import engine_runs

    return engine_runs()
