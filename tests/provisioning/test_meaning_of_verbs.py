"""R8, R10, R19: where a verb is missing or means something else, plan, brake and request say what happens."""

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user
from provisor.provisioning.models import AccessInterval, Link
from provisor.provisioning.preview.preview import plan_application
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    crowd,
    declare,
    good_again,  # noqa: F401 - a fixture
    holds,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def settled(installation: Installation, count: int) -> tuple[list[User], Group]:
    people = crowd(count)
    group = installation.group("Sales", *people)
    installation.policy(group, push_group=False)
    installation.run()
    return people, group


def test_r08_where_inactive_means_deleted_the_plan_says_delete_and_the_pass_deletes(
    installation: Installation, target: LabServer
) -> None:
    """The table says deactivate; the words, the request and what is remembered say what it comes to."""
    declare(installation, active_false_means="delete")
    people, group = settled(installation, 2)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {"delete": 1}
    assert "deletes an account that is set inactive" in plan["operations"][0]["reason"]
    seen = received(target)
    installation.run()
    assert [entry["method"] for entry in writes(target, after=seen)] == ["DELETE"]
    assert set(only_once(target)) == {people[1].user_name}
    assert not Link.objects.filter(local_id=people[0].id).exists()
    assert AccessInterval.objects.get(user_id=people[0].id).to_cause == "unassigned"


@pytest.mark.parametrize("can_delete", [True, False])
def test_r10_what_deletes_is_held_as_a_deletion(
    installation: Installation, target: LabServer, can_delete: bool
) -> None:
    """A person who releases it must know what it is, whichever request does it."""
    declare(installation, active_false_means="delete", delete_users=can_delete)
    people, group = settled(installation, 8)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    passes(installation, 2)
    assert {hold.act for hold in holds(installation)} == {"delete"}
    assert len(holds(installation)) == 6


@pytest.mark.parametrize("meaning", ["deactivate", "unlink"])
def test_r08_where_delete_does_less_the_account_is_deactivated(
    installation: Installation, target: LabServer, meaning: str
) -> None:
    """The table says delete; nothing is called deleted that is not, and the link stays."""
    declare(installation, delete_means=meaning)
    people, _ = settled(installation, 2)
    delete_user(people[0].id, actor=SYSTEM)
    passes(installation, 2)
    assert [entry for entry in writes(target) if entry["method"] == "DELETE"] == []
    assert only_once(target)[people[0].user_name]["active"] is False
    assert "instead of deleted" in installation.link(people[0]).reason
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen


def test_r08_r10_what_cannot_be_taken_away_is_said_and_holds_nobody(
    installation: Installation, target: LabServer
) -> None:
    """Neither PATCH nor PUT: nothing is sent, so the brake counts nothing, and each link says that it is open."""
    declare(installation, patch_users=False, put_users=False)
    people, group = settled(installation, 8)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen
    assert holds(installation) == []
    assert {installation.link(user).state for user in people[:6]} == {"failed"}
    assert "still open" in installation.link(people[0]).reason
