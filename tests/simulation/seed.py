"""One seed: a company, its story, and the verdict."""

import traceback
from dataclasses import dataclass, field

from provisor.provisioning.brake.decisions import release_hold
from provisor.provisioning.models import Hold
from tests.crash.company import ACTOR
from tests.crash.judge import describe
from tests.simulation.backlogs import Rushes
from tests.simulation.company import Company, draw_size
from tests.simulation.foreigners import Foreigner
from tests.simulation.last_scan import LastScan
from tests.simulation.lives import Lives
from tests.simulation.machine import Machine
from tests.simulation.timeline import Timeline
from tests.simulation.verdict import judge, judge_audit
from tests.simulation.watcher import DAY, Violation, Watcher
from tests.simulation.world import World


@dataclass(slots=True)
class Outcome:
    """What became of a seed; `broken` is empty when every rule held."""

    seed: int
    broken: str = ""
    story: list[str] = field(default_factory=list)
    users: int = 0
    requests: int = 0
    lives: int = 0
    days: float = 0.0


class Seed:
    """Plays one seed."""

    def __init__(self, machine: Machine, seed: int, *, telling: bool = False) -> None:
        self._outcome = Outcome(seed)
        self._world = World(seed)
        self._world.telling = telling
        self._machine = machine
        size = draw_size(self._world)
        machine.begin(self._world, seed, size)
        self._company = Company(self._world, size)
        self._watchers = {one.application.name: Watcher(self._world, one) for one in self._company.installed}
        self._foreigners = {
            one.application.name: Foreigner(self._world, one, self._watchers[one.application.name])
            for one in self._company.installed
        }
        self._last_scans = [
            LastScan(self._world, one, self._foreigners[one.application.name])
            for one in self._company.installed
        ]
        self._lives = Lives(self._world, self._company, self._at_rest)
        self._judged_at: float | None = None
        self._requests_then = 0

    def play(self) -> Outcome:
        outcome = self._outcome
        outcome.users = self._company.size
        Timeline(self._world, self._company, self._lives, self._watchers, self._foreigners).draw()
        Rushes(self._world, self._company).draw()
        try:
            outcome.lives = self._lives.run()
        except Violation as violation:
            outcome.broken = f"{violation}; {describe()}"
        except Exception:  # noqa: BLE001 - whatever breaks is told with its seed
            outcome.broken = traceback.format_exc()
        if self._machine.errors and not outcome.broken:
            outcome.broken = f"an error of Provisor itself: {self._machine.errors[0]}"
        outcome.broken = self._world.broken or outcome.broken
        outcome.story = self._world.story
        outcome.requests = self._requests()
        outcome.days = self._world.time / DAY
        return outcome

    def _requests(self) -> int:
        return sum(watcher.requests for watcher in self._watchers.values())

    def _noise(self) -> int:
        """What a steady directory sends none of: requests, and where scans go by a schedule, writes."""
        return sum(
            watcher.writes if one.application.drift.get("every") else watcher.requests
            for one in self._company.installed
            for watcher in (self._watchers[one.application.name],)
        )

    def _at_rest(self) -> bool:
        """Whether it is over: holds are released first, then all is judged, then a day passes in silence."""
        if self._release_holds():
            return False
        going_on = [scan.go_on() for scan in self._last_scans]
        if any(going_on):
            return False
        if self._judged_at is None:
            self._judge()
            self._judged_at, self._requests_then = self._world.time, self._noise()
            self._lives.horizon = self._world.time + DAY
            return False
        sent = self._noise() - self._requests_then
        if sent:
            raise Violation(f"R3: {sent} requests in a day in which nothing changed")
        return True

    def _release_holds(self) -> bool:
        holds = list(Hold.objects.filter(state=Hold.State.HELD))
        for hold in holds:
            self._world.tell(f"release {hold.act} {hold.cause}")
            self._watchers[hold.application.name].release(hold)
            release_hold(hold.id, actor=ACTOR, effect=hold.effect)
        return bool(holds)

    def _judge(self) -> None:
        for one in self._company.installed:
            judge(one, self._watchers[one.application.name])
        judge_audit()
