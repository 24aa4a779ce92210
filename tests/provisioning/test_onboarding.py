"""What it takes to bring many people and their group to an application that Provisor has never written to."""

import pytest

from provisor.provisioning.perform import probation
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    crowd,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    passes,
    received,
)
from tests.servers import LabServer

#: Discovery (3), the look-up of the group, and its POST.
ONCE = 5
#: What has to prove itself is read back: two creations of accounts, one of a group, one chunk of its members.
READINGS = probation.GOOD + 2


@pytest.fixture(autouse=True)
def no_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read back by chance, three in a pass at most, is no part of the count."""
    monkeypatch.setattr(probation, "SAMPLES_AT_MOST", 0)


def pages(target: LabServer, *, after: int = 0) -> int:
    return len([entry for entry in log(target, "GET", "/", after=after) if "startIndex" in entry["path"]])


@pytest.mark.parametrize("count", [200, 700])
def test_r12_r15_an_account_costs_one_request_a_hundred_members_one_and_all_else_is_the_same_for_any_number(
    installation: Installation, target: LabServer, count: int
) -> None:
    """The readings of probation come once for an application (record 13)."""
    installation.granted("Sales", *crowd(count))
    installation.run()
    assert installation.states() == {"in_sync": count + 1}
    assert len(members(target, "Sales")) == count
    assert len(log(target, "POST", "/Users")) == count
    assert len(log(target, "PATCH", "/Groups/")) == count // 100
    else_sent = len(log(target)) - count - count // 100 - pages(target)
    assert else_sent == ONCE + READINGS


def test_r12_r15_an_application_that_has_proved_itself_is_not_read_back(
    installation: Installation, target: LabServer
) -> None:
    """The second crowd costs what the budget says."""
    installation.granted("Before", *crowd(200, prefix="before"))
    installation.run()
    # a second group, for there is one reading for each of the first two
    installation.granted("Small", *crowd(3, prefix="small"))
    passes(installation, 1)
    seen = received(target)
    installation.granted("Sales", *crowd(300))
    passes(installation, 1)
    assert len(members(target, "Sales")) == 300
    else_sent = len(log(target, after=seen)) - 300 - 3 - pages(target, after=seen)
    assert else_sent <= ONCE
