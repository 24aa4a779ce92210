"""R1: kill -9 again and again at seeded moments while people come, move and go, with a good target and a bad one."""

import os
import time
from typing import Any

import pytest

from tests.crash.company import Company
from tests.crash.day import Days
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle
from tests.servers import LabServer

KILLS = 15
USERS = 150

LOST = {"kind": "reset", "handled": True, "count": 0, "probability": 0.03}
DROPPED = {"kind": "reset", "count": 0, "probability": 0.02}
CUT = {"kind": "truncate", "count": 0, "probability": 0.01}
FAILED = {"kind": "status", "status": 500, "count": 0, "probability": 0.02}
DONE_YET_FAILED = {"kind": "status", "status": 503, "handled": True, "count": 0, "probability": 0.02}
THROTTLED = {"kind": "status", "status": 429, "retry_after": 1, "count": 0, "probability": 0.01}
PAGE = {"kind": "html", "handled": True, "method": "P", "count": 0, "probability": 0.02}
FAULTS = [LOST, DROPPED, CUT, FAILED, DONE_YET_FAILED, THROTTLED, PAGE]

#: More seeds for a longer hunt: `CRASH_SEEDS="3 4 5"`.
SEEDS = [int(seed) for seed in os.environ.get("CRASH_SEEDS", "1").split()]


@pytest.mark.crash
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("faults", [[], FAULTS], ids=["a good target", "a target with faults"])
def test_r1_r2_kill_again_and_again_while_people_come_move_and_go(
    company: Company, engine: EngineProcess, target: LabServer, seed: int, faults: list[dict[str, Any]]
) -> None:
    """Fifteen kills at seeded moments end with the target equal to the directory, and every link at rest."""
    print(f"seed {seed}")  # noqa: T201 - it makes a failure repeatable
    target.set_options(faults=faults, seed=seed)
    days = Days(company, seed, USERS)
    company.employ(USERS)
    company.grant()
    for _ in range(KILLS):
        engine.start()
        days.act(4)
        time.sleep(days.pause(0.5))
        days.act(3)
        time.sleep(days.pause(0.05))
        engine.kill()
        days.take_back()
    target.set_options(faults=[])
    engine.start()
    settle(15)
    judge(company.application, target)
    judge_silence(target, 2)
