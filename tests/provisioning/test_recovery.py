"""R1: a pass that ends anywhere, or a process that is ended, loses nothing and doubles nothing."""

from typing import Any

import pytest
from django.db.models import F

from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user
from provisor.provisioning.homes.epoch import FencedError
from provisor.provisioning.models import Attempt, Link
from provisor.provisioning.passes import settle, settling
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.take import take
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    change,
    crowd,
    existing,
    fresh,
    good_again,  # noqa: F401 - a fixture
    members,
    named,
    only_once,
    passes,
    patch,
    received,
)
from tests.servers import LabServer


def begin_and_end(installation: Installation) -> int:
    """Take what is due, with its intents stored, and end there, as a process that is killed; returns how many."""
    installation.fold()
    context = load_context(fresh(installation))
    while not (taken := take(context, now=now(), limit=100)).works and taken:
        pass
    return len(taken.works)


def test_r01_intents_without_any_request_are_worked_on_again(
    installation: Installation, target: LabServer
) -> None:
    """Killed before anything was sent: everything arrives, once."""
    people = crowd(30)
    installation.granted("Sales", *people)
    assert begin_and_end(installation) == 30
    passes(installation, 2)
    assert set(only_once(target)) == named(people)
    assert installation.states() == {"in_sync": 31}
    assert not Link.objects.filter(intent__isnull=False).exists()


def test_r01_r02_intents_whose_requests_took_effect_make_nobody_twice(
    installation: Installation, target: LabServer
) -> None:
    """Killed after the POSTs and before their outcomes were stored, with a target that does not mind duplicates."""
    target.set_options(duplicates="allowed")
    people = crowd(5)
    installation.granted("Sales", *people)
    begin_and_end(installation)
    for user in people:
        existing(target, userName=user.user_name, externalId=str(user.id))
    passes(installation, 2)
    assert set(only_once(target)) == named(people)
    assert {installation.link(user).origin for user in people} == {"created"}


class EndedError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_r01_r02_a_pass_that_cannot_store_an_outcome_doubles_nothing(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The n-th settlement never happens: what it held is looked up or sent again, and nothing is there twice."""
    target.set_options(duplicates="allowed", group_names_unique=False)
    people = crowd(60)
    installation.granted("Sales", *people)
    count = 0
    true = settle.settle

    def failing(*arguments: Any, **more: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise EndedError
        true(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(settling, "settle", failing)
        installation.run()
    passes(installation, 3)
    assert set(only_once(target)) == named(people)
    assert len(target.state().groups) == 1
    assert members(target, "Sales") == named(people)
    assert installation.states() == {"in_sync": 61}


def test_r01_a_change_during_a_pass_stays_due(installation: Installation, target: LabServer) -> None:
    """The link was taken, then its user changed: the newer generation is worked on next."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    installation.run()
    change(user, title="first")
    begin_and_end(installation)
    change(user, title="second")
    installation.fold()
    passes(installation, 2)
    assert only_once(target)["alice"]["title"] == "second"
    assert installation.states() == {"in_sync": 1}


def test_r01_who_left_during_a_pass_is_not_left_inside(installation: Installation, target: LabServer) -> None:
    """Taken for creation, created there, killed, deleted here: the account goes."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    begin_and_end(installation)
    existing(target, userName="alice", externalId=str(user.id))
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 3)
    assert only_once(target) == {}
    assert not Link.objects.exists()


def test_r01_members_in_doubt_are_settled(installation: Installation, target: LabServer) -> None:
    """Killed between an addition and its outcome, and the member left meanwhile."""
    people = crowd(3)
    group = installation.granted("Sales", people[0])
    installation.granted("Others", *people, push_group=False)
    installation.run()
    add_members(group.id, [user.id for user in people[1:]], actor=SYSTEM)
    begin_and_end(installation)
    remote = installation.link(group).remote_id
    added = [{"value": installation.link(user).remote_id} for user in people[1:]]
    patch(target, f"/Groups/{remote}", {"op": "add", "path": "members", "value": added})
    remove_members(group.id, [people[1].id], actor=SYSTEM)
    passes(installation, 3)
    assert members(target, "Sales") == named([people[0], people[2]])
    assert installation.link(group).state == Link.State.IN_SYNC


def test_r01_r20_a_worker_that_lost_the_application_records_nothing(
    installation: Installation, target: LabServer
) -> None:
    """The epoch moved on: its settlement is refused as a whole."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.fold()
    context = load_context(fresh(installation))
    Application.objects.update(epoch=F("epoch") + 1)
    with pytest.raises(FencedError):
        settle.settle(context, settle.Ledger(), now=now())


def test_every_attempt_says_what_caused_it(installation: Installation, target: LabServer) -> None:
    """Each request for a user or a group carries the journal entry that made it due."""
    people = crowd(3)
    installation.granted("Sales", *people)
    installation.run()
    caused = Attempt.objects.exclude(link_id=None)
    assert caused.count() >= 8
    assert not caused.filter(entry_id=None).exists()
    assert Attempt.objects.count() == received(target)


def test_r03_a_steady_installation_sends_nothing_however_often_it_looks(
    installation: Installation, target: LabServer
) -> None:
    """Zero writes and zero reads."""
    installation.granted("Sales", *crowd(25))
    passes(installation, 1)
    seen = received(target)
    passes(installation, 5)
    assert received(target) == seen
