"""The last scans of a story: what somebody else has changed there is found and put right, and then nothing is found."""

from collections.abc import Iterator

from provisor.provisioning.drift.finding_acts import correct
from provisor.provisioning.drift.scans import latest_scan, request_scan
from provisor.provisioning.models import Finding, Scan
from provisor.provisioning.operations import OperationRefused
from tests.crash.company import ACTOR
from tests.simulation.company import Installed
from tests.simulation.foreigners import Foreigner
from tests.simulation.watcher import Violation
from tests.simulation.world import World

_DIFFERENCES = (Finding.What.CHANGED, Finding.What.MISSING, Finding.What.MEMBERS)


class LastScan:
    """Scans, and where anything is found, has corrected what was only reported and scans once more; one step at each rest."""

    def __init__(self, world: World, installed: Installed, foreigner: Foreigner) -> None:
        self._world, self._application, self._odd = world, installed.application, installed.drawn.odd
        self._foreigner = foreigner
        self._steps = self._all_steps()

    def go_on(self) -> bool:
        """Take the next step; false when there is none any more."""
        return next(self._steps, False)

    def _all_steps(self) -> Iterator[bool]:
        if not (self._foreigner.changes or self._application.drift):
            return
        self._scan()
        yield True
        if self._has_found():
            if self._correct():
                yield True
            self._scan()
            yield True
            self._judge_ended()
        left = list(self._differences().values_list("what", "kind", "name", "detail"))
        if left and self._foreigner.is_seen:
            raise Violation(f"drift: a scan still finds {left[:3]} {self._where()}")

    def _where(self) -> str:
        return f"({self._application.name}, {self._odd})"

    def _scan(self) -> None:
        self._world.tell(f"the last scan of {self._application.name}")
        request_scan(self._application.id, actor=ACTOR)

    def _has_found(self) -> bool:
        """Whether the scan has found a difference, corrected or not."""
        totals = self._judge_ended().totals
        return any(totals.get(what) for what in _DIFFERENCES)

    def _judge_ended(self) -> Scan:
        scan = latest_scan(self._application.id)
        assert scan is not None
        if scan.state != Scan.State.FINISHED:
            raise Violation(f"drift: a scan ended {scan.state}: {scan.reason} {self._where()}")
        return scan

    def _differences(self):  # type: ignore[no-untyped-def]  # a query set
        return Finding.objects.filter(
            application=self._application, state=Finding.State.OPEN, what__in=_DIFFERENCES
        ).order_by("id")

    def _correct(self) -> bool:
        """Have all that was reported corrected, as a person would; false when there was nothing."""
        corrected = 0
        for finding in self._differences():
            self._world.tell(f"correct {finding.what} {finding.kind} {finding.name}")
            try:
                correct(finding.pk, actor=ACTOR)
                corrected += 1
            except OperationRefused as refusal:
                self._world.tell(str(refusal))
        return corrected > 0
