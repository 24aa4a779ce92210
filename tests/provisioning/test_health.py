"""R7, R12, R13: limits are obeyed, a broken application is left alone, and one bad object stops nobody."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Health, Link
from provisor.provisioning.operations import request_sync, retry_link
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation, eventually
from tests.provisioning.vices import (
    LATER,
    change,
    configure,
    crowd,
    delete,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer, lab


@pytest.fixture
def other_lab() -> Iterator[LabServer]:
    """A second application, which a test may end."""
    with lab() as server:
        yield server


def state(installation: Installation) -> str:
    return str(application_status(installation.application.id)["state"])


# --- one object, one application (R7) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_r07_one_bad_user_among_fifty_stops_nobody(
    installation: Installation, target: LabServer, status: int
) -> None:
    """It fails with a reason and waits for a change; everybody else is provisioned, and nothing is tried by a timer."""
    people = crowd(50)
    installation.granted("Sales", *people)
    target.set_options(faults=[fault("status", "POST", "/Users", status=status, nth=20)])
    passes(installation, 3)
    (bad,) = Link.objects.filter(state=Link.State.FAILED)
    assert str(status) in bad.reason
    assert len(only_once(target)) == 49
    assert len(log(target, "POST", "/Users")) == 50
    assert state(installation) == "well"
    user = next(each for each in people if each.id == bad.local_id)
    change(user, title="mended")
    passes(installation, 2)
    assert installation.states() == {"in_sync": 51}


def test_a_person_can_have_a_failed_one_tried_again(installation: Installation, target: LabServer) -> None:
    """One link, or all that are stuck; what is in sync is not touched."""
    people = crowd(3)
    installation.granted("Sales", *people)
    target.set_options(faults=[fault("status", "POST", "/Users", status=400, count=2)])
    installation.run()
    failed = list(Link.objects.filter(state=Link.State.FAILED))
    assert len(failed) == 2
    seen = received(target)
    retry_link(failed[0].id, actor=SYSTEM)
    installation.run()
    assert len(log(target, "POST", "/Users", after=seen)) == 1
    request_sync(installation.application.id, actor=SYSTEM)
    installation.run()
    assert len(log(target, "POST", "/Users", after=seen)) == 2
    assert installation.states() == {"in_sync": 4}


def test_r07_a_hanging_application_delays_no_other(
    transactional_db: None, target: LabServer, other_lab: LabServer, settings: Any, tmp_path: Path
) -> None:
    """One never answers; the other gets everything meanwhile, in one engine."""
    settings.DATA_DIR = tmp_path
    other_lab.set_options(faults=[fault("stall", "", "/Users", count=0)])
    hanging, sound = Installation(other_lab.base_url), second(target)
    engine = make_engine()
    engine.start()
    try:
        group = hanging.group("Sales", *crowd(40))
        hanging.policy(group)
        sound.policy(group)
        assert eventually(lambda: sound.states() == {"in_sync": 41})
        assert writes(other_lab) == []
        assert hanging.states()["due"] == 41
    finally:
        engine.stop()


def second(server: LabServer) -> Installation:
    """Another application beside the one that is called Target."""
    from provisor.applications.applications import create_application

    made = Installation.__new__(Installation)
    made.base_url, made.token, made.fields = server.base_url, server.token, {}
    made.application = create_application(
        name="Other", profile="generic", base_url=server.base_url,
        auth={"method": "bearer", "token": server.token}, actor=SYSTEM,
    )  # fmt: skip
    return made


# --- limits (R12) -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "least"), [("seconds", 1.0), ("date", 0.5)])
def test_r12_no_request_leaves_before_retry_after(
    installation: Installation, target: LabServer, how: str, least: float
) -> None:
    """One 429: every request after it keeps away for as long as the application asked, in seconds or by a date."""
    configure(installation, limits={"concurrency": 1})
    installation.granted("Sales", *crowd(4), push_group=False)
    target.set_options(limits=[{"match": "POST", "per_second": 2, "burst": 3}], retry_after=how)
    installation.run()
    entries = log(target)
    struck = next(n for n, entry in enumerate(entries) if entry["status"] == 429)
    assert all(entry["at"] >= entries[struck]["at"] + least - 0.02 for entry in entries[struck + 1 :])
    target.set_options(limits=[])
    passes(installation, 2)
    assert installation.states() == {"in_sync": 4}


def test_r12_retry_after_holds_for_the_next_pass_too(installation: Installation, target: LabServer) -> None:
    """The pass ended at once, and a change comes a moment later: it waits, since the application asked for it."""
    people = crowd(2)
    group = installation.granted("Sales", people[0])
    installation.run()
    target.set_options(faults=[fault("status", "PATCH", status=429, retry_after=20)])
    change(people[0], title="new")
    installation.run()
    seen = received(target)
    add_members(group.id, [people[1].id], actor=SYSTEM)
    installation.run(later=2_000)
    assert log(target, after=seen) == []
    installation.run(later=25_000)
    passes(installation, 1)
    assert installation.states() == {"in_sync": 3}


def test_r12_a_long_retry_after_rests_the_application(installation: Installation, target: LabServer) -> None:
    """An hour is not waited out in a pass: it is throttled, says until when, and resumes then."""
    installation.granted("Sales", *crowd(5))
    target.set_options(faults=[fault("status", "POST", status=429, retry_after=3_600)])
    installation.run()
    seen = received(target)
    assert state(installation) == "throttled"
    installation.run(later=3_000_000)
    assert received(target) == seen
    installation.run(later=3_700_000)
    passes(installation, 1)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 6}


def test_r12_503_with_retry_after_is_a_request_to_wait(installation: Installation, target: LabServer) -> None:
    """An application that is being maintained says when it is back: it is no failure, and nothing leaves before."""
    installation.granted("Sales", *crowd(30))
    target.set_options(faults=[fault("status", "POST", status=503, retry_after=3_600, count=0)])
    installation.run()
    seen = received(target)
    assert state(installation) == "throttled"
    assert "503" in application_status(installation.application.id)["reason"]
    installation.run(later=3_000_000)
    assert received(target) == seen
    target.set_options(faults=[])
    passes(installation, 2)
    assert installation.states() == {"in_sync": 31}


def test_r12_retry_after_of_an_adoption_is_obeyed(installation: Installation, target: LabServer) -> None:
    """429 to the update of an account that is being adopted counts like any other."""
    existing(target, userName="user0000")
    people = crowd(1)
    installation.granted("Sales", *people, push_group=False)
    target.set_options(faults=[fault("status", "PATCH", status=429, retry_after=5)])
    installation.run()
    sent = log(target, "PATCH", "/Users")
    assert len(sent) == 1
    passes(installation, 2)
    assert installation.states() == {"in_sync": 1}


def test_r12_the_declared_rate_is_never_exceeded(installation: Installation, target: LabServer) -> None:
    """The target is the judge: it allows what is declared, with room for what the network bunches, and no more."""
    configure(installation, limits={"rate": 50})
    target.set_options(limits=[{"match": "all", "per_second": 50, "burst": 10}])
    installation.granted("Sales", *crowd(30))
    installation.run()
    assert Counter(entry["status"] for entry in log(target))[429] == 0
    assert len(only_once_unlimited(target)) == 30


def test_r12_the_declared_rate_holds_from_pass_to_pass(installation: Installation, target: LabServer) -> None:
    """Five passes in a row are no five times the burst: the level of the bucket is handed on."""
    configure(installation, limits={"rate": 4})
    people = crowd(1)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    seen = received(target)
    for number in range(4):
        change(people[0], title=f"title {number}")
        installation.run()
    # the first changes of an application are read before and after; reads take from the same bucket
    times = [entry["at"] for entry in log(target, after=seen)]
    assert len(log(target, "PATCH", after=seen)) == 4
    assert times[-1] - times[0] >= (len(times) - 1) / 4 - 0.1


def only_once_unlimited(target: LabServer) -> dict[str, Any]:
    target.set_options(limits=[])
    return only_once(target)


# --- health (R13) -------------------------------------------------------------------------------------------------------


def test_r13_401_stops_at_once_and_everything_stays_due(
    installation: Installation, target: LabServer
) -> None:
    """No second request with a credential that is refused, beyond those under way; mended, it resumes by itself."""
    configure(installation, limits={"concurrency": 2})
    installation.granted("Sales", *crowd(30))
    target.set_options(faults=[fault("status", "POST", status=401, count=0)])
    installation.run()
    assert len(log(target, "POST")) <= 3
    assert installation.states() == {"due": 31}
    assert state(installation) == "refused"
    assert application_status(installation.application.id)["reason"]
    seen = received(target)
    installation.run(later=1_000)
    assert received(target) == seen
    target.set_options(faults=[])
    passes(installation, 2)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 31}


def test_r13_a_probe_that_is_refused_again_sends_no_write(
    installation: Installation, target: LabServer
) -> None:
    """While the credential is wrong each probe is one read, at growing distances."""
    installation.granted("Sales", *crowd(5))
    target.set_options(faults=[fault("status", "", "/Users", status=401, count=0)])
    installation.run()
    seen = received(target)
    passes(installation, 3)
    assert writes(target, after=seen) == []
    assert 1 <= len(log(target, after=seen)) <= 6


def test_r13_403_everywhere_stops_and_costs_nobody_their_account(
    installation: Installation, target: LabServer
) -> None:
    """A control read is refused, too: it is the credential. Once mended, everybody follows by themselves."""
    installation.granted("Sales", *crowd(30))
    target.set_options(faults=[fault("status", "", "/(Users|Groups)", status=403, count=0)])
    installation.run()
    assert state(installation) == "refused"
    assert writes(target) == []
    target.set_options(faults=[])
    passes(installation, 3)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 31}


def test_r13_403_on_one_object_is_that_objects(installation: Installation, target: LabServer) -> None:
    """The control read succeeds: the application is well, and the one fails with its reason."""
    people = crowd(5)
    installation.granted("Sales", *people)
    installation.run()
    protected = installation.link(people[0]).remote_id
    target.set_options(faults=[fault("status", "PATCH", f"/Users/{protected}", status=403, count=0)])
    for user in people:
        change(user, title="new")
    passes(installation, 2)
    assert installation.states() == {"in_sync": 5, "failed": 1}
    assert state(installation) == "well"


def test_r13_many_404_halt_and_nobody_is_made_anew(installation: Installation, target: LabServer) -> None:
    """Everything vanished: a wrong address or tenant, so nothing is posted, and the reason says so."""
    people = crowd(12)
    installation.granted("Sales", *people)
    installation.run()
    remote = {user.id: installation.link(user).remote_id for user in people}
    seen = received(target)
    target.set_options(faults=[fault("status", "", "/Users/", status=404, count=0)])
    for user in people:
        change(user, title="new")
    passes(installation, 3)
    assert log(target, "POST", after=seen) == []
    assert state(installation) == "misbehaving"
    assert "404" in application_status(installation.application.id)["reason"]
    target.set_options(faults=[])
    for number in range(4, 8):
        installation.run(later=number * LATER)
    assert installation.states() == {"in_sync": 13}
    assert {user.id: installation.link(user).remote_id for user in people} == remote


def test_r13_r14_one_404_is_made_anew(installation: Installation, target: LabServer) -> None:
    """One account was deleted behind our back: a search confirms it, then it is made again."""
    people = crowd(12)
    installation.granted("Sales", *people)
    installation.run()
    before = installation.link(people[0]).remote_id
    delete(target, f"/Users/{before}")
    seen = received(target)
    for user in people:
        change(user, title="new")
    passes(installation, 3)
    sent = [(entry["method"], entry["path"].partition("?")[0]) for entry in log(target, after=seen)]
    assert sent.count(("POST", "/Users")) == 1
    assert sent.index(("GET", "/Users")) < sent.index(("POST", "/Users"))
    assert installation.states() == {"in_sync": 13}
    assert installation.link(people[0]).remote_id != before


def test_r01_r14_a_crash_before_the_end_of_the_pass_strands_nobody(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered with 404 is decided at the end of the pass; a pass that never gets there decides nothing."""
    from provisor.provisioning.passes import passing

    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    delete(target, f"/Users/{installation.link(user).remote_id}")
    change(user, title="new")
    with monkeypatch.context() as patched:
        patched.setattr(passing, "finish_vanished", crash)
        installation.run()
    passes(installation, 4)
    assert set(only_once(target)) == {"alice"}
    assert installation.states() == {"in_sync": 2}


def crash(*_: Any, **__: Any) -> None:
    raise RuntimeError("the process was ended here")


def test_r13_seven_of_ten_failures_quarantine_and_it_resumes(
    installation: Installation, target: LabServer
) -> None:
    """The application answers 500 to every write: it is left alone, probed, and goes on when it is well."""
    installation.granted("Sales", *crowd(60))
    target.set_options(faults=[fault("status", "POST", status=500, count=0)])
    installation.run()
    assert state(installation) == "misbehaving"
    assert len(log(target, "POST")) < 40
    target.set_options(faults=[])
    passes(installation, 3)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 61}


def test_r13_an_application_that_went_away_is_unreachable_and_resumes(
    transactional_db: None, target: LabServer, other_lab: LabServer
) -> None:
    """The server ended: nothing is lost, nothing counts as tried, and a probe finds it again."""
    installation = Installation(other_lab.base_url)
    people = crowd(6)
    installation.granted("Sales", *people)
    installation.run()
    other_lab.end()
    for user in people:
        change(user, title="new")
    installation.run()
    assert state(installation) == "unreachable"
    assert application_status(installation.application.id)["reason"]
    assert set(Link.objects.filter(state="due").values_list("attempts", flat=True)) == {0}
    passes(installation, 2)
    assert state(installation) == "unreachable"


def test_r13_one_change_is_enough_to_see_that_it_is_unreachable(
    transactional_db: None, target: LabServer, other_lab: LabServer
) -> None:
    """However little there is to send: an application that cannot be reached does not show as well."""
    installation = Installation(other_lab.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    other_lab.end()
    change(user, title="new")
    passes(installation, 4)
    assert state(installation) == "unreachable"


def test_r13_nothing_is_dropped_for_its_age(installation: Installation, target: LabServer) -> None:
    """After weeks of failures it is still tried, and arrives."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    target.set_options(faults=[fault("status", "POST", "/Users", status=503, count=0)])
    passes(installation, 12)
    target.set_options(faults=[])
    passes(installation, 14)
    assert set(only_once(target)) == {"alice"}


def test_r12_health_is_kept_across_restarts(installation: Installation, target: LabServer) -> None:
    """When it may be tried again is in the database, not in a process."""
    installation.granted("Sales", *crowd(3))
    target.set_options(faults=[fault("status", "POST", status=429, retry_after=120, count=0)])
    installation.run()
    health = Health.objects.get(application=installation.application)
    assert health.not_before > time.time() * 1_000 + 60_000
