"""What happens in a seed: changes in the directory, acts of administrators, faults of targets, crashes, wrong clocks."""

from dataclasses import replace

from provisor.applications.applications import pause, resume
from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.provisioning.brake.decisions import reject_hold, release_hold
from provisor.provisioning.drift.scans import request_scan
from provisor.provisioning.models import Hold
from provisor.provisioning.operations import OperationRefused, request_sync
from tests.crash.company import ACTOR
from tests.crash.day import Days
from tests.lab.options import Fault, FaultKind
from tests.simulation.company import TOKEN, Company, Installed, grant
from tests.simulation.foreigners import Foreigner
from tests.simulation.lives import Lives
from tests.simulation.watcher import Watcher
from tests.simulation.world import Act, World

HOUR = 3_600.0
#: Seconds over which the acts of a seed are spread.
SPANS = (2.0, 30.0, 600.0, 6 * HOUR, 60 * HOUR)
#: Seconds that a fault of a target lasts.
LASTS = (0.05, 1.0, 30.0, 600.0, 3 * HOUR)


class Timeline:
    """Draws the acts of a seed and puts them into the world."""

    def __init__(
        self,
        world: World,
        company: Company,
        lives: Lives,
        watchers: dict[str, Watcher],
        foreigners: dict[str, Foreigner],
    ) -> None:
        self._foreigners = foreigners
        self._world, self._company, self._lives, self._watchers = world, company, lives, watchers
        self._days = Days(company, world.random.randrange(2**32), company.size)
        self.fatal_answers = False
        weighted: list[tuple[int, Act]] = [
            (60, self._change), (5, self._take_back), (8, self._crash), (6, self._crash_in_transaction),
            (10, self._fault), (3, self._unreachable), (3, self._other_token), (3, self._pause), (2, self._wrong_clock),
            (2, self._sync), (4, self._decide), (3, self._regrant), (2, self._full_disk),
            (4, self._scan), (16, self._foreign), (6, self._throttle), (8, self._lose_members),
        ]  # fmt: skip
        self._acts = [act for weight, act in weighted for _ in range(weight)]

    def draw(self) -> None:
        """Put everything that happens into the world, and the end of it into the lives."""
        chance = self._world.random
        span = chance.choice(SPANS)
        start = chance.choice((0.0, 0.0, 5.0))
        for _ in range(chance.choice((1, 2, 2, 3, 3, 5, 8, 20))):
            at = start + chance.random() * span
            self._world.at(at, chance.choice(self._acts))
        self._lives.horizon = start + span + max(LASTS) + 60.0
        self._world.at(self._lives.horizon - 1.0, self._end)

    def _one(self) -> Installed:
        return self._world.random.choice(self._company.installed)

    # --- people -----------------------------------------------------------------------------------------------------

    def _change(self) -> None:
        self._world.tell("changes in the directory")
        self._days.act(self._world.random.choice((1, 1, 2, 5)))

    def _take_back(self) -> None:
        self._world.tell("changes are taken back")
        self._days.take_back()

    def _pause(self) -> None:
        one = self._one()
        watcher = self._watchers[one.application.name]
        if watcher.paused_at is not None:
            return
        self._world.tell(f"pause {one.application.name}")
        pause(one.application.id, actor=ACTOR)
        watcher.paused_at = self._world.time
        self._world.after(self._world.random.choice(LASTS), lambda: self._resume(one))

    def _resume(self, one: Installed) -> None:
        watcher = self._watchers[one.application.name]
        if watcher.paused_at is not None:
            self._world.tell(f"resume {one.application.name}")
            watcher.paused_at = None
            resume(one.application.id, actor=ACTOR)

    def _sync(self) -> None:
        self._world.tell("sync")
        request_sync(self._one().application.id, actor=ACTOR)

    def _decide(self) -> None:
        for hold in Hold.objects.filter(state=Hold.State.HELD).order_by("held_at", "link_id", "user_id")[:20]:
            release = self._world.random.choice((True, True, False))
            self._world.tell(f"{'release' if release else 'reject'} {hold.act} {hold.cause}")
            if release:
                self._watchers[hold.application.name].release(hold)
            try:
                if release:
                    release_hold(hold.id, actor=ACTOR, effect=hold.effect)
                else:
                    reject_hold(hold.id, actor=ACTOR)
            except OperationRefused as refusal:
                self._world.tell(str(refusal))

    def _regrant(self) -> None:
        """A policy is taken away, and given again later."""
        one = self._one()
        policies = list(Policy.objects.filter(application=one.application).order_by("name"))
        if not policies:
            return
        policy = self._world.random.choice(policies)
        self._world.tell(f"{policy.name} is deleted")
        delete_policy(policy.id, actor=ACTOR)
        group = policy.group
        if self._world.random.random() < 0.8:
            self._world.after(self._world.random.choice(LASTS), lambda: self._grant(one, group.pk))

    def _grant(self, one: Installed, group_id: object) -> None:
        group = next(g for g in (self._company.staff, *self._company.teams.values()) if g.pk == group_id)
        if not Policy.objects.filter(application=one.application, group=group).exists():
            self._world.tell(f"{group.display_name} is granted again")
            grant(one.application, group)

    # --- targets ----------------------------------------------------------------------------------------------------

    def _fault(self) -> None:
        one, chance = self._one(), self._world.random
        kind = chance.choice(list(FaultKind))
        status = (
            chance.choice((500, 503, 429, 502, 429))
            if kind is FaultKind.STATUS
            else chance.choice((200, 502))
        )
        fault = Fault(
            # nobody says "too many requests" and does it all the same
            kind=kind, handled=chance.random() < 0.6 and status != 429, status=status,
            retry_after=chance.choice((None, 1, 40)) if status in (429, 503) else None,
            method=chance.choice(("", "", "POST", "PATCH", "GET", "DELETE")),
            count=0, probability=chance.choice((0.2, 0.6, 1.0)),
        )  # fmt: skip
        self._world.tell(f"fault at {one.application.name}: {fault}")
        self._set(one, faults=(fault,))
        self._world.after(chance.choice(LASTS), lambda: self._set(one, faults=()))

    def _throttle(self) -> None:
        """Too many requests, with a time at which to come back."""
        one, chance = self._one(), self._world.random
        fault = Fault(
            kind=FaultKind.STATUS, status=429, retry_after=chance.choice((1, 2, 5, 40)), count=0,
            probability=chance.choice((0.1, 0.3, 1.0)),
        )  # fmt: skip
        self._world.tell(f"{one.application.name} allows less: {fault}")
        self._set(one, faults=(fault,))
        # whoever asks to be asked again in a second is asked again and again
        self._world.after(min(chance.choice(LASTS), 600.0), lambda: self._set(one, faults=()))

    def _lose_members(self) -> None:
        """Answers about who is in a group are lost, and whoever was put in is taken out before it is asked again."""
        one, chance = self._one(), self._world.random
        method = chance.choice(("PATCH", "PATCH", "PUT"))
        fault = Fault(
            kind=FaultKind.RESET, handled=True, method=method, path="/Groups/", count=chance.choice((1, 2, 0))
        )
        self._world.tell(f"answers about groups of {one.application.name} are lost")
        self._set(one, faults=(fault,))
        for undo in self._days.move(4):
            self._world.after(chance.choice((0.1, 0.5, 2.0)), undo)
        self._world.after(chance.choice(LASTS), lambda: self._set(one, faults=()))

    def _set(self, one: Installed, **changes: object) -> None:
        target = one.network.target
        target.set_options(replace(target.options, **changes))  # type: ignore[arg-type]  # by name

    def _unreachable(self) -> None:
        one = self._one()
        one.network.down_until = self._world.time + self._world.random.choice(LASTS)
        self._world.tell(f"{one.application.name} is unreachable until {one.network.down_until:.0f}")

    def _other_token(self) -> None:
        one = self._one()
        self._world.tell(f"{one.application.name} takes another token")
        self._set(one, token="other")
        self._world.after(self._world.random.choice(LASTS), lambda: self._right_token(one))

    def _right_token(self, one: Installed) -> None:
        self._watchers[one.application.name].refused_at = None
        self._set(one, token=TOKEN)

    def _foreign(self) -> None:
        self._foreigners[self._one().application.name].act()

    def _scan(self) -> None:
        one = self._one()
        self._world.tell(f"scan {one.application.name}")
        try:
            request_scan(one.application.id, actor=ACTOR)
        except OperationRefused as refusal:
            self._world.tell(str(refusal))

    # --- the machine ------------------------------------------------------------------------------------------------

    def _crash(self) -> None:
        self._lives.crash()

    def _crash_in_transaction(self) -> None:
        if self._lives.life is not None:
            self._lives.life.statements_left = self._world.random.randint(1, 60)

    def _full_disk(self) -> None:
        if self._lives.life is not None:
            self._world.tell("the disk is full")
            self._world.upheavals += 1
            self._lives.life.disk_full_until = self._world.time + self._world.random.choice((0.05, 2.0, 60.0))

    def _wrong_clock(self) -> None:
        self._world.upheavals += 1
        self._world.skew += self._world.random.choice((-HOUR, -5.0, 5.0, HOUR))
        self._world.tell(f"the clock is wrong by {self._world.skew:.0f} s")

    def _end(self) -> None:
        """Everything is well from now on."""
        self._world.tell("everything is well from now on")
        for one in self._company.installed:
            one.network.down_until = 0.0
            self._right_token(one)
            self._set(one, faults=())
            self._resume(one)
