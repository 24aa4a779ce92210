"""After an outage, however long it was, everything is in step within minutes: a probe sees that the target is back."""

import json
import os
import subprocess
import sys

import pytest

from tests.simulation.company import RATE

#: Seconds from the return of the target until its return is noticed, at the most.
NOTICED = 300


def _play(*arguments: str) -> dict[str, float]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    line = [sys.executable, "-m", "tests.simulation.outage", *arguments]
    ended = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=900, check=True)
    played: dict[str, float] = json.loads(ended.stdout)
    return played


@pytest.mark.parametrize("kind", ["silence", "500", "503"])
def test_r01_after_an_outage_everything_is_in_step_within_five_minutes_and_the_backlog_at_its_rate(kind: str):
    """The outage of sixty days is played by hand: `python -m tests.simulation.outage --days 60`."""
    played = _play("--days", "1", "--changes", "60", "--kind", kind)
    assert played["requests"] > 30
    assert played["seconds"] <= NOTICED + played["requests"] / RATE
