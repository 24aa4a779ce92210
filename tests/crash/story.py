"""One story of kills: a company is busy, and the engine is killed again and again at moments drawn from a seed."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from provisor.provisioning.models import Link
from tests.crash.busy import BusyDays
from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge_silence, settle
from tests.crash.tally import Tally, Writes, tally
from tests.crash.targets import KILLS, TARGETS, USERS, target_of
from tests.servers import LabServer

#: Seconds within which changes become writes, unless the application rests.
_WORK_WITHIN = 1.5


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of one story, as it goes into the report."""

    seed: int
    target: str
    kills: int
    #: Kills that found intents without an outcome: writes were about to leave, or under way.
    under_way: int
    writes: int
    seconds: float
    tally: Tally

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def play(seed: int, company: Company, engine: EngineProcess, target: LabServer, kills: int = KILLS) -> Told:
    """Play one story to its end, and judge it."""
    began, name = time.monotonic(), target_of(seed)
    target.set_options(**TARGETS[name], seed=seed, keep_requests=True)
    days, writes = BusyDays(company, seed, USERS), Writes(target)
    company.employ(USERS)
    company.grant()
    under_way = 0
    for _ in range(kills):
        engine.start()
        days.act(3)
        days.rush()
        if days.strikes_work():
            _wait_for_work()
        time.sleep(days.moment())
        engine.kill()
        under_way += _is_under_way()
        days.take_back()
        writes.follow()
    target.set_options(faults=[])
    engine.start()
    settle(240)
    writes.follow()
    judge_silence(target, 1)
    return Told(
        seed=seed, target=name, kills=kills, under_way=under_way, writes=writes.count,
        seconds=round(time.monotonic() - began, 1), tally=tally(company.application, target, writes),
    )  # fmt: skip


def _is_under_way() -> bool:
    """Whether there are intents without an outcome: writes that are about to leave, or have left."""
    return Link.objects.exclude(intent=None).exists()


def _wait_for_work() -> None:
    """Wait for one, as long as it is worth it: an application that rests has none."""
    deadline = time.monotonic() + _WORK_WITHIN
    while not _is_under_way() and time.monotonic() < deadline:
        time.sleep(0.004)
