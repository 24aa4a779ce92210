"""Each rule of the design, section 4, is claimed by tests that carry its number."""

import re
import subprocess
import sys

import pytest

from tests.servers.processes import ROOT

#: R1 to R20.
RULES = {f"r{number:02}" for number in range(1, 21)}


def _collected(request: pytest.FixtureRequest) -> list[str]:
    """The names of all tests, as pytest finds them: what is not collected claims nothing."""
    if request.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return [item.name for item in request.session.items]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return re.findall(r"::(test_\w+)", found.stdout)


def _rules_of(name: str) -> set[str]:
    """`test_r01_r02_…` claims R1 and R2."""
    claimed = re.match(r"test_((?:r\d\d?_)+)", name)
    return {f"r{int(each[1:]):02}" for each in claimed[1].strip("_").split("_")} if claimed else set()


def test_every_rule_is_claimed_by_tests_that_carry_its_number(request: pytest.FixtureRequest) -> None:
    """All twenty, by collecting the tests, so that a file that is not collected does not count."""
    claimed: set[str] = set()
    for name in _collected(request):
        claimed |= _rules_of(name)
    assert claimed - RULES == set(), "a number that is no rule"
    assert RULES - claimed == set(), "rules without a test"
