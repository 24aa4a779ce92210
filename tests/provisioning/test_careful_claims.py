"""R7: an application that failed before is taken up in small portions, until it confirms anything."""

from typing import Any

import pytest

from provisor.provisioning.models import Link
from provisor.provisioning.passes import reconcile
from provisor.provisioning.passes.take import TRIED, Taken, take
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    LATER,
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
)
from tests.servers import LabServer

PEOPLE = 3 * TRIED


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many works each claim of a pass brings."""
    found: list[int] = []

    def counted(*args: Any, **options: Any) -> Taken:
        taken = take(*args, **options)
        if taken.works:
            found.append(len(taken.works))
        return taken

    monkeypatch.setattr(reconcile, "take", counted)
    return found


def test_what_is_new_is_taken_at_once(installation: Installation, portions: list[int]) -> None:
    """Nobody has failed: one claim brings everybody."""
    installation.granted("Sales", *crowd(PEOPLE), push_group=False)
    installation.run()
    assert portions == [PEOPLE]


def test_r07_what_fails_again_and_again_is_claimed_in_small_portions(
    installation: Installation, target: LabServer, portions: list[int]
) -> None:
    """No claim holds up the database for the others by more than a few links."""
    installation.granted("Sales", *crowd(PEOPLE), push_group=False)
    installation.fold()
    Link.objects.filter(kind="user").update(attempts=3)
    target.set_options(faults=[fault("status", method="POST", status=500, count=0)])
    installation.run()
    assert portions
    assert max(portions) == TRIED


def test_once_it_confirms_everybody_comes_to_an_account(
    installation: Installation, target: LabServer, portions: list[int]
) -> None:
    """After an outage the backlog is worked off whole, in this pass."""
    installation.granted("Sales", *crowd(PEOPLE), push_group=False)
    installation.fold()
    Link.objects.filter(kind="user").update(attempts=3)
    installation.run(later=LATER)
    assert portions[0] == TRIED
    assert sum(portions) == PEOPLE
    assert len(target.state().users) == PEOPLE
    assert installation.states() == {"in_sync": PEOPLE}
