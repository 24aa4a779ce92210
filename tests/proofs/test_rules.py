"""Each rule of the design, section 4, is claimed by tests that carry its number."""

import os
import re
import subprocess
import sys

import pytest

from tests.servers.processes import ROOT

#: R1 to R20.
RULES = {f"r{number:02}" for number in range(1, 21)}


def _collected(*options: str) -> list[str]:
    """The names of all tests, as pytest finds them: what is not collected claims nothing."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options, "tests"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PROVISOR_", "PYTEST_"))}
    found = subprocess.run(
        command, cwd=ROOT, env=own, capture_output=True, text=True, check=False, timeout=300
    )
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return re.findall(r"::(test_\w+)", found.stdout)


def _rules_of(name: str) -> set[str]:
    """`test_r01_r02_…` claims R1 and R2."""
    claimed = re.match(r"test_((?:r\d\d?_)+)", name)
    return {f"r{int(each[1:]):02}" for each in claimed[1].strip("_").split("_")} if claimed else set()


@pytest.mark.parametrize("where", [(), ("--on-both",)], ids=["anywhere", "on both databases"])
def test_every_rule_is_claimed_by_tests_that_carry_its_number(where: tuple[str, ...]) -> None:
    """All twenty: by collecting the tests, so that a file that is not collected does not count.

    "On both" are tests that use a database and make the same claim on SQLite and on PostgreSQL.
    """
    claimed: set[str] = set()
    for name in _collected(*where):
        claimed |= _rules_of(name)
    assert claimed - RULES == set(), "a number that is no rule"
    assert RULES - claimed == set(), "rules without a test"
