"""R13 over many small passes: what an application has done lately counts, whichever pass it was in."""

import asyncio

from provisor.applications.applications import pause, resume
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User
from provisor.provisioning.models import Health
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation, now, one_pass
from tests.provisioning.vices import (
    change,
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    passes,
    received,
    writes,
)
from tests.servers import LabServer

MINUTE = 60_000


def state(installation: Installation) -> str:
    return str(application_status(installation.application.id)["state"])


def in_sync(installation: Installation, count: int) -> list[User]:
    people = crowd(count)
    installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    assert installation.states() == {"in_sync": count}
    Health.objects.update(recent=[])
    return people


def change_each(installation: Installation, people: list[User], *, at: int = 0, later: int = 0) -> None:
    """One pass for each change: the tiniest that there are. With `at`, time stands still: no back-off is over."""
    for user in people:
        change(user, title="new")
        installation.fold()
        asyncio.run(one_pass(installation.application.id, lambda: (at or now()) + later))


def test_r13_an_application_that_fails_in_many_tiny_passes_is_quarantined(
    installation: Installation, target: LabServer
) -> None:
    """Ten passes with one failure each are ten failures; from then on only a read goes out, and then everything."""
    people = in_sync(installation, 14)
    target.set_options(faults=[fault("status", "PATCH", status=500, count=0)])
    began = now()
    change_each(installation, people[:9], at=began)
    assert state(installation) == "well"
    change_each(installation, people[9:10], at=began)
    assert state(installation) == "misbehaving"
    assert "10 of the last 10" in application_status(installation.application.id)["reason"]
    seen = received(target)
    change_each(installation, people[10:], at=began)
    assert log(target, after=seen) == []
    target.set_options(faults=[])
    passes(installation, 2)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 14}


def test_r13_a_success_in_between_counts_over_passes_too(
    installation: Installation, target: LabServer
) -> None:
    """Two of three fail: that is bad luck with objects, and no reason to leave the application alone."""
    people = in_sync(installation, 15)
    for number, user in enumerate(people):
        status = [] if number % 3 == 0 else [fault("status", "PATCH", status=422, count=0)]
        target.set_options(faults=status)
        change_each(installation, [user])
    assert state(installation) == "well"


def test_r13_failures_of_an_hour_ago_are_forgotten(installation: Installation, target: LabServer) -> None:
    """Nine then and one now are no ten in a row."""
    people = in_sync(installation, 10)
    target.set_options(faults=[fault("status", "PATCH", status=422, count=0)])
    change_each(installation, people[:9])
    change_each(installation, people[9:], later=61 * MINUTE)
    assert state(installation) == "well"


def test_r13_a_quarantined_application_is_judged_anew_once_its_probe_succeeds(
    installation: Installation, target: LabServer
) -> None:
    """The failures before the quarantine do not bring it back with the first one after it."""
    people = in_sync(installation, 11)
    target.set_options(faults=[fault("status", "PATCH", status=422, count=0)])
    change_each(installation, people[:10])
    assert state(installation) == "misbehaving"
    change_each(installation, people[10:], later=10 * MINUTE)
    assert state(installation) == "well"


def test_r13_404_in_many_tiny_passes_halts_before_everything_is_made_anew(
    installation: Installation, target: LabServer
) -> None:
    """Three may vanish; the fourth makes it a wrong address, whichever pass found it. A person's word counts."""
    people = in_sync(installation, 6)
    target.set_options(faults=[fault("status", "", "/Users/", status=404, count=0)])
    seen = received(target)
    change_each(installation, people[:4])
    assert state(installation) == "misbehaving"
    assert "404" in application_status(installation.application.id)["reason"]
    made = len([entry for entry in writes(target, after=seen) if entry["method"] == "POST"])
    assert made <= 3
    assert installation.link(people[3]).remote_id is not None
    target.set_options(faults=[])
    pause(installation.application.id, actor=SYSTEM)
    resume(installation.application.id, actor=SYSTEM)
    passes(installation, 2)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 6}
