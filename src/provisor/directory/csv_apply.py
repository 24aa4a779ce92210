"""Doing what a plan says, in runs of one transaction each, while a report is kept."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Generic

from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.directory.csv_plan import LinePlan, Outcome, Planned
from provisor.directory.csv_report import Progress, Report
from provisor.directory.refusal import DirectoryRefusal

#: Lines of one transaction.
_RUN = 1000


class LineImport(ABC, Generic[Planned]):
    """One import under way; what kind of resource it is for says how its lines are done."""

    def __init__(
        self,
        plan: LinePlan[Planned],
        *,
        actor: Actor,
        dry_run: bool,
        all_or_nothing: bool,
        progress: Progress | None,
    ) -> None:
        self.plan = plan
        self.actor = actor
        self.report = Report(dry_run=dry_run)
        self._idle = all_or_nothing and bool(plan.refused)
        self._progress = progress
        self._settled = 0
        self._lines = len(plan.lines) + len(plan.refused)

    def run(self) -> Report:
        """Count the plan, do it unless it is a dry run, and return the report."""
        if not self._idle:
            self._count()
            if not self.report.dry_run:
                self._advance(self.report.unchanged + len(self.plan.refused))
                self.apply()
        self.report.refused = sorted(self.plan.refused, key=lambda one: one.line)
        self._advance(self._lines - self._settled)
        return self.report

    @abstractmethod
    def apply(self) -> None:
        """Do everything, in the right order."""

    def of(self, *outcomes: Outcome) -> list[Planned]:
        """Return the lines with one of these outcomes."""
        return [planned for planned in self.plan.lines.values() if planned.outcome in outcomes]

    def in_runs(
        self, lines: Sequence[Planned], act: Callable[[Sequence[Planned]], None], *, settles: bool = True
    ) -> None:
        """Act on the lines run by run; with `settles` they count as done afterwards."""
        for start in range(0, len(lines), _RUN):
            run = lines[start : start + _RUN]
            act(run)
            if settles:
                self._advance(len(run))

    def one_by_one(self, act: Callable[[Planned], None]) -> Callable[[Sequence[Planned]], None]:
        """Turn an act on one line into one on a run, which is one transaction; a refused line holds up no other."""

        def run(lines: Sequence[Planned]) -> None:
            with change():
                for planned in lines:
                    try:
                        act(planned)
                    except DirectoryRefusal as refusal:
                        self.refuse([(planned, refusal)])

        return run

    def refuse(self, refused: Iterable[tuple[Planned, DirectoryRefusal]]) -> None:
        """Somebody else was quicker since the plan was made: these lines could not be done."""
        for planned, refusal in refused:
            self.plan.refuse(planned.line, refusal.reason)
            if self.plan.lines.pop(planned.key, None) is not None:
                self._add(planned.outcome, -1)

    def _count(self) -> None:
        for planned in self.plan.lines.values():
            self._add(planned.outcome, 1)

    def _add(self, outcome: Outcome, number: int) -> None:
        setattr(self.report, outcome.value, getattr(self.report, outcome.value) + number)

    def _advance(self, lines: int) -> None:
        self._settled += lines
        if self._progress:
            self._progress(self._settled, self._lines)
