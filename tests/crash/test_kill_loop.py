"""R1, R2: kill -9 again and again while people come, move and go; `make crash` plays more of the same stories."""

import json
import os
from pathlib import Path

import pytest

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess
from tests.crash.story import play
from tests.crash.targets import target_of
from tests.servers import LabServer

#: Set by `make crash`: the first seed, how many stories, and where what came of them goes.
BASE = int(os.environ.get("CRASH_BASE", "1"))
STORIES = int(os.environ.get("CRASH_STORIES", "4"))
REPORT = os.environ.get("CRASH_REPORT", "")


@pytest.mark.crash
@pytest.mark.parametrize(
    "seed", range(BASE, BASE + STORIES), ids=lambda seed: f"seed {seed}, a target that {target_of(seed)}"
)
def test_r01_r02_a_hundred_kills_lose_nothing_double_nothing_and_reorder_nothing(
    company: Company, engine: EngineProcess, target: LabServer, seed: int
) -> None:
    """Each story kills the engine 25 times; then the target holds what the directory wants, each thing once."""
    told = play(seed, company, engine, target)
    if REPORT:
        with Path(REPORT).open("a") as report:
            report.write(json.dumps(told.as_json()) + "\n")
    assert told.tally.all() == [], f"repeat it by: make crash KILLS={told.kills} BASE={seed}"
    assert told.under_way > 0, "no kill found a write under way"
