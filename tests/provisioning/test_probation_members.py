"""R15, R6: trust is earned. The first deltas of members are read back, and done in the form that a group takes."""

from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user
from provisor.provisioning.models import Link
from tests.provisioning.installation import Installation
from tests.provisioning.test_probation import evidence, learned
from tests.provisioning.vices import (
    configure,
    crowd,
    declare,
    existing,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    passes,
    received,
)
from tests.servers import LabServer
from tests.servers.reader import post


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"member_removal": "value"}, {"member_remove_form": "value"}),
        ({"member_removal": "filter"}, {}),
        ({"member_removal": "everyone"}, {}),
        ({"patch_applied": "none"}, {"member_add_form": "put", "member_remove_form": "put"}),
        ({"patch_applied": "pathless"}, {"member_add_form": "pathless", "member_remove_form": "put"}),
        ({"patch_applied": "pathless", "pathless_patch": False}, {"member_add_form": "put", "member_remove_form": "put"}),
    ],
)  # fmt: skip
def test_r15_members_come_and_go_in_whatever_form_the_group_takes(
    installation: Installation, target: LabServer, options: dict[str, Any], facts: dict[str, Any]
) -> None:
    """The members are right after each change, and the form that did it is remembered."""
    target.set_options(**options)
    people = installation.users("alice", "bob", "carol", "dave")
    group = installation.granted("Sales", *people[:3])
    passes(installation, 1)
    assert members(target, "Sales") == {"alice", "bob", "carol"}
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    assert members(target, "Sales") == {"bob", "carol"}
    add_members(group.id, [people[3].id], actor=SYSTEM)
    remove_members(group.id, [people[1].id], actor=SYSTEM)
    passes(installation, 1)
    assert members(target, "Sales") == {"carol", "dave"}
    found = learned(installation)
    assert {name: found[name] for name in found if name.startswith("member")} == facts


def test_r15_a_list_of_values_that_empties_the_group_is_made_good(
    installation: Installation, target: LabServer
) -> None:
    """Somebody declared the form that this application reads as "everyone": the others are put back at once."""
    target.set_options(member_removal="everyone")
    declare(installation, member_remove_form="value")
    people = installation.users("alice", "bob", "carol")
    group = installation.granted("Sales", *people)
    passes(installation, 1)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    assert members(target, "Sales") == {"bob", "carol"}
    assert learned(installation) == {"member_remove_form": "filter"}
    assert "put back" in evidence(installation, "member_remove_form")


def test_r15_the_last_member_proves_nothing_of_a_list_of_values(
    installation: Installation, target: LabServer
) -> None:
    """A group of one is empty afterwards either way: the form is not trusted with a larger one."""
    target.set_options(member_removal="everyone")
    declare(installation, member_remove_form="value")
    people = installation.users("alice", "bob", "carol")
    small = installation.granted("Small", people[0])
    large = installation.granted("Large", *people)
    passes(installation, 1)
    remove_members(small.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    remove_members(large.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    assert (members(target, "Small"), members(target, "Large")) == (set(), {"bob", "carol"})


def test_r15_a_limit_of_members_is_learned_from_a_refusal(
    installation: Installation, target: LabServer
) -> None:
    """Thirty members at once are refused, four are not: from then on no request names more than it takes."""
    target.set_options(members_per_request=4)
    people = crowd(40)
    group = installation.granted("Sales", *people[:30])
    passes(installation, 1)
    assert len(members(target, "Sales")) == 30
    limit = learned(installation)["members_per_request"]
    assert 1 <= limit <= 4
    seen = received(target)
    add_members(group.id, [user.id for user in people[30:]], actor=SYSTEM)
    passes(installation, 1)
    assert len(members(target, "Sales")) == 40
    assert [
        one["status"] for one in log(target, "PATCH", "/Groups", after=seen) if one["status"] >= 400
    ] == []


@pytest.mark.parametrize("shown", ["absent", "empty"])
def test_r15_members_that_are_not_shown_are_sent_all_the_same(
    installation: Installation, target: LabServer, shown: str
) -> None:
    """Unknown is not empty: it is remembered that nothing can be proved, and deltas go on."""
    target.set_options(members_read=shown)
    people = installation.users("alice", "bob", "carol")
    group = installation.granted("Sales", *people[:2])
    passes(installation, 1)
    assert learned(installation) == {"members_readable": False}
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    add_members(group.id, [people[2].id], actor=SYSTEM)
    seen = received(target)
    passes(installation, 1)
    assert members(target, "Sales") == {"bob", "carol"}
    assert {one["method"] for one in log(target, path="/Groups", after=seen)} == {"PATCH"}


def test_r15_an_adopted_group_whose_members_are_hidden_is_never_replaced(
    installation: Installation, target: LabServer
) -> None:
    """What somebody else put there stays, although the addition could not be seen."""
    target.set_options(members_read="empty")
    stranger = existing(target, userName="stranger")
    schema = "urn:ietf:params:scim:schemas:core:2.0:Group"
    document = {"schemas": [schema], "displayName": "Sales", "members": [{"value": stranger}]}
    post(f"{target.base_url}/Groups", document, target.token)
    installation.granted("Sales", installation.user("alice"))
    passes(installation, 2)
    assert members(target, "Sales") == {"stranger", "alice"}
    assert log(target, "PUT") == []


def test_r15_a_group_that_is_renamed_by_a_useless_patch_is_renamed_by_put(
    installation: Installation, target: LabServer
) -> None:
    """The members survive it (R6)."""
    target.set_options(patch_applied="none")
    people = installation.users("alice", "bob")
    group = installation.granted("Sales", *people)
    passes(installation, 1)
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 1)
    assert members(target, "Marketing") == {"alice", "bob"}
    assert learned(installation)["patch_groups"] is False


@pytest.mark.parametrize("applied", ["none", "pathless"])
def test_r15_r06_who_left_with_a_deleted_account_does_not_prove_a_removal(
    installation: Installation, target: LabServer, applied: str
) -> None:
    """The deleted one is out of the group without a removal that works; the mover is not."""
    target.set_options(patch_applied=applied)
    configure(installation, brake={"count": 100})
    alice, bob, carol = installation.users("alice", "bob", "carol")
    sales = installation.granted("Sales", alice, bob, carol)
    installation.granted("All", alice, bob, carol, push_group=False)
    passes(installation, 2)
    delete_user(alice.id, actor=SYSTEM)
    remove_members(sales.id, [bob.id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"carol"}
    assert learned(installation)["member_remove_form"] == "put"


def test_r15_where_there_are_no_groups_none_is_asked_for_again(
    installation: Installation, target: LabServer
) -> None:
    """No document says so: the first group finds it out, its link says it, and users go on."""
    target.set_options(groups=False, discovery="absent")
    configure(installation, brake={"count": 100})
    user = installation.user("alice")
    installation.granted("Sales", user)
    group = installation.granted("Support", user)
    passes(installation, 1)
    assert learned(installation).get("groups", False) is False
    link = installation.link(group)
    assert link.state == Link.State.MISSING
    assert "no groups" in link.reason
    assert installation.link(user).state == Link.State.IN_SYNC
    seen = received(target)
    update_group(group.id, display_name="Help", actor=SYSTEM)
    passes(installation, 1)
    assert log(target, path="/Groups", after=seen) == []
