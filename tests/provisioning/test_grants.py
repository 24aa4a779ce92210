"""R4, R5: what policies grant becomes roles and entitlements: the union of them, value by value, and no more than was sent."""

from typing import Any

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy, update_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import nest, remove_members
from provisor.provisioning.models import Link
from provisor.provisioning.preview.preview import plan_application, plan_one
from provisor.provisioning.rehearsal.rehearsal import rehearse
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    declare,
    existing,
    good_again,  # noqa: F401 - a fixture
    only_once,
    passes,
    patch,
    received,
    writes,
)
from tests.servers import LabServer

GRANTS = ("roles", "entitlements")


def held(target: LabServer, user: str, name: str = "roles") -> set[str]:
    """The values that the application holds, as elements."""
    return {each["value"] for each in only_once(target)[user].get(name, ())}


def on(installation: Installation) -> None:
    configure(installation, features={"roles": True, "entitlements": True})


def policy_of(group: str) -> Policy:
    return Policy.objects.get(group__display_name=group)


@pytest.mark.parametrize("name", GRANTS)
def test_r04_a_user_has_the_union_of_what_all_policies_grant(
    installation: Installation, target: LabServer, name: str
) -> None:
    """Directly, through a group inside, and the same value twice; what one policy takes back another may still give."""
    on(installation)
    user = installation.user("alice")
    sales, staff = installation.group("Sales", user), installation.group("Staff")
    nest(staff.id, sales.id, actor=SYSTEM)
    installation.policy(sales, **{name: ["admin", "both"]})
    installation.policy(staff, **{name: ["both", 'with "quotes" \\ and ]']})
    installation.run()
    assert held(target, "alice", name) == {"admin", "both", 'with "quotes" \\ and ]'}
    update_policy(policy_of("Sales").id, {name: ["new"]}, actor=SYSTEM)
    installation.run()
    assert held(target, "alice", name) == {"new", "both", 'with "quotes" \\ and ]'}
    delete_policy(policy_of("Staff").id, actor=SYSTEM)
    installation.run()
    assert held(target, "alice", name) == {"new"}
    update_policy(policy_of("Sales").id, {name: []}, actor=SYSTEM)
    installation.run()
    assert held(target, "alice", name) == set()
    seen = received(target)
    installation.run()
    assert received(target) == seen


@pytest.mark.parametrize("put", [False, True])
def test_r05_what_the_application_added_itself_stays(
    installation: Installation, target: LabServer, put: bool
) -> None:
    """An adopted account has a role of its own: ours come and go beside it, by PATCH and by PUT."""
    if put:
        target.set_options(patch=False)
        declare(installation, patch_users=False)
    on(installation)
    existing(target, userName="alice", active=True, roles=[{"value": "theirs"}])
    installation.granted("Sales", installation.user("alice"), push_group=False, roles=["ours", "second"])
    installation.run()
    assert held(target, "alice") == {"theirs", "ours", "second"}
    update_policy(policy_of("Sales").id, {"roles": ["second"]}, actor=SYSTEM)
    installation.run()
    assert held(target, "alice") == {"theirs", "second"}
    if not put:
        account = only_once(target)["alice"]["id"]
        patch(target, f"/Users/{account}", {"op": "add", "path": "roles", "value": [{"value": "later"}]})
        update_policy(policy_of("Sales").id, {"roles": []}, actor=SYSTEM)
        installation.run()
        assert held(target, "alice") == {"theirs", "later"}


def test_r05_a_change_of_one_role_sends_one_request_for_each_who_has_it(
    installation: Installation, target: LabServer
) -> None:
    """Thirty people, ten of them in the group: ten requests; a change of the name or of the sign-in sends none."""
    on(installation)
    people = crowd(30)
    installation.granted("Staff", *people, push_group=False)
    installation.granted("Sales", *people[:10], push_group=False, roles=["reader"])
    installation.run()
    seen = received(target)
    update_policy(policy_of("Sales").id, {"roles": ["reader", "writer"]}, actor=SYSTEM)
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {"update": 10}
    assert plan["operations"][0]["requests"][0]["body"]["Operations"] == [
        {"op": "add", "path": "roles", "value": [{"value": "writer"}]}
    ]
    installation.run()
    assert len(writes(target, after=seen)) == 10
    update_policy(
        policy_of("Sales").id, {"name": "Another name", "login_method": "passwordless"}, actor=SYSTEM
    )
    installation.fold()
    assert installation.states() == {"in_sync": 30}


def test_r04_who_leaves_the_group_loses_its_role_and_keeps_the_account(
    installation: Installation, target: LabServer
) -> None:
    """Another policy still brings them; the rehearsal says what the removal reaches."""
    on(installation)
    people = crowd(4)
    installation.granted("Staff", *people, push_group=False)
    sales = installation.granted("Sales", *people, push_group=False, roles=["reader"])
    installation.run()
    told = rehearse(lambda: remove_members(sales.id, [people[0].id], actor=SYSTEM))
    assert (told.totals.updates, told.totals.deactivates) == (1, 0)
    remove_members(sales.id, [people[0].id], actor=SYSTEM)
    installation.run()
    assert held(target, people[0].user_name) == set()
    assert held(target, people[1].user_name) == {"reader"}
    assert only_once(target)[people[0].user_name]["active"] is True


def test_r15_where_roles_are_plain_texts_they_are_sent_as_such(
    installation: Installation, target: LabServer
) -> None:
    """A fact of the dialect: the attribute goes as a whole then."""
    on(installation)
    declare(installation, grant_form="texts")
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False, roles=["b", "a"])
    plan = plan_one(installation.application.id, "user", user.id)
    assert plan["operations"][0]["requests"][-1]["body"]["roles"] == ["a", "b"]


def test_r15_where_one_must_be_primary_the_first_is(installation: Installation, target: LabServer) -> None:
    """The flag moves with the first value, and there is never a second one."""
    on(installation)
    declare(installation, grant_primary=True)
    installation.granted("Sales", installation.user("alice"), push_group=False, entitlements=["b", "c"])
    installation.run()

    def flags() -> dict[str, Any]:
        return {each["value"]: each.get("primary") for each in only_once(target)["alice"]["entitlements"]}

    assert flags() == {"b": True, "c": None}
    update_policy(policy_of("Sales").id, {"entitlements": ["a", "b", "c"]}, actor=SYSTEM)
    installation.run()
    assert flags() == {"a": True, "b": None, "c": None}


def test_r04_while_the_switches_are_off_nothing_is_sent_of_them(
    installation: Installation, target: LabServer
) -> None:
    """Switched on later, everybody gets what is granted; off again, it stays as it is there."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False, roles=["reader"])
    installation.run()
    assert "roles" not in only_once(target)["alice"]
    on(installation)
    installation.run()
    assert held(target, "alice") == {"reader"}
    configure(installation, features={"roles": False})
    change(user, title="new")
    passes(installation, 2)
    assert held(target, "alice") == {"reader"}
    assert Link.objects.get(kind="user").state == "in_sync"
