"""The rules under simulation: random companies, changes, faults, crashes and clocks, in virtual time, by seeds."""

import os
import subprocess
import sys

import pytest

#: More are run by hand: `make simulate SEEDS=20000 BASE=1`.
SEEDS = 500


def _simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    line = [sys.executable, "-m", "tests.simulation", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=900, check=False)


def test_every_rule_holds_in_every_seed():
    ended = _simulate("--seeds", str(SEEDS), "--base", "1")
    assert ended.returncode == 0, ended.stdout[-8_000:] + ended.stderr[-4_000:]


@pytest.mark.parametrize("seed", ["3", "22"])
def test_a_seed_replays_exactly(seed: str):
    one, other = (_simulate("--seeds", "1", "--base", seed, "--tell").stdout for _ in range(2))
    story = one.splitlines()[:-1]
    assert len(story) > 20
    assert story == other.splitlines()[:-1]


def test_shortcuts_change_no_story():
    one = ("--seeds", "1", "--base", "34", "--tell")
    story = _simulate(*one).stdout.splitlines()[:-1]
    assert len(story) > 100
    assert story == _simulate(*one, "--slowly").stdout.splitlines()[:-1]
