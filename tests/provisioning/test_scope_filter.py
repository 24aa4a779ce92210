"""R8, R9, R10: a policy's filter decides whom of its group it brings; narrowing is a cause like any other."""

from typing import Any

import pytest

from provisor.applications.granting import policies_of_user
from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy, update_policy
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members
from provisor.directory.models import User
from provisor.provisioning.preview.preview import plan_application
from provisor.provisioning.rehearsal.rehearsal import rehearse
from provisor.provisioning.why.explain import explain, explanation_of
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    fresh,
    good_again,  # noqa: F401 - a fixture
    holds,
    members,
    named,
    only_once,
    passes,
    received,
)
from tests.servers import LabServer

STAFF = 'has(user.userType) && user.userType == "Employee"'
#: Fails for whoever has no userType.
UNSURE = 'user.userType == "Employee"'


def inactive(target: LabServer) -> set[str]:
    return {name for name, account in only_once(target).items() if not account["active"]}


def filtered(scope: str, name: str = "Sales") -> None:
    update_policy(policy(name).id, {"scope": scope}, actor=SYSTEM)


def policy(name: str = "Sales") -> Policy:
    return Policy.objects.get(group__display_name=name)


def employed(installation: Installation, *names: str) -> list[User]:
    return [installation.user(name, userType="Employee") for name in names]


def test_r08_only_whom_the_filter_lets_in_gets_an_account(
    installation: Installation, target: LabServer
) -> None:
    """Who comes to match gets one; who does not any more leaves; other changes of them send nothing new."""
    (alice,) = employed(installation, "alice")
    bob = installation.user("bob", userType="Guest")
    installation.granted("Sales", alice, bob, push_group=False, scope=STAFF)
    installation.run()
    assert set(only_once(target)) == {"alice"}
    change(bob, userType="Employee")
    installation.run()
    assert set(only_once(target)) == {"alice", "bob"}
    change(alice, userType=None)
    installation.run()
    assert inactive(target) == {"alice"}
    assert installation.link(alice).cause == "unassigned"
    seen = received(target)
    change(alice, title="still a guest")
    passes(installation, 2)
    assert received(target) == seen
    change(alice, userType="Employee")
    installation.run()
    assert inactive(target) == set()


def test_r08_another_policy_brings_whom_the_filter_keeps_out(
    installation: Installation, target: LabServer
) -> None:
    """Roles come only from policies that let the user in; the last policy that does takes the account along."""
    configure(installation, features={"roles": True})
    bob = installation.user("bob", userType="Guest")
    installation.granted("Sales", bob, push_group=False, scope=STAFF, roles=["seller"])
    installation.granted("Staff", bob, push_group=False, roles=["reader"])
    installation.run()
    assert [role["value"] for role in only_once(target)["bob"]["roles"]] == ["reader"]
    change(bob, userType="Employee")
    installation.run()
    assert {role["value"] for role in only_once(target)["bob"]["roles"]} == {"reader", "seller"}
    delete_policy(policy("Staff").id, actor=SYSTEM)
    change(bob, userType="Guest")
    installation.run()
    assert inactive(target) == {"bob"}


def test_r10_narrowing_a_filter_goes_through_the_brake(installation: Installation, target: LabServer) -> None:
    """Six fall out by one change: held, shown by the plan and the rehearsal before; widening cancels it."""
    people = [*employed(installation, *(f"staff{number}" for number in range(20)))]
    guests = [installation.user(f"guest{number}", userType="Guest") for number in range(6)]
    installation.granted("Sales", *people, *guests, push_group=False)
    installation.run()
    told = rehearse(lambda: filtered(STAFF))
    assert (told.totals.held, told.totals.deactivates) == (6, 0)
    filtered(STAFF)
    assert plan_application(installation.application.id)["held"] == 6
    installation.run()
    assert inactive(target) == set()
    assert len(holds(installation)) == 6
    filtered("")
    installation.run()
    assert holds(installation) == []
    assert installation.states() == {"in_sync": 26}


def test_r10_a_filter_that_lets_nobody_in_any_more_is_an_emptied_source(
    installation: Installation, target: LabServer
) -> None:
    """However wide the brake is: the sentence names the policy and how many; another policy's people stay."""
    configure(installation, brake={"count": 1_000, "percent": 100})
    people = employed(installation, *(f"staff{number}" for number in range(8)))
    installation.granted("Sales", *people, push_group=False)
    installation.granted("Others", *crowd(3), push_group=False)
    installation.run()
    filtered("false")
    installation.run()
    assert inactive(target) == set()
    assert len(holds(installation)) == 8
    assert all(
        "“Target for Sales” brings nobody any more, and 8 people" in one.reason for one in holds(installation)
    )


def test_r10_one_hour_after_the_other_a_filter_is_narrowed(
    installation: Installation, target: LabServer
) -> None:
    """Two more fall out by each change: five may go in a day, the next two are held."""
    people = [installation.user(f"user{number:02}", title=str(number // 2)) for number in range(20)]
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    for hour in range(1, 5):
        filtered(f"!(int(user.title) < {hour})")
        installation.run(later=hour * 3_600_000)
    assert inactive(target) == named(people[:4])
    assert len(holds(installation)) == 4


def test_r08_a_filter_that_fails_takes_nothing_away_and_gives_nothing(
    installation: Installation, target: LabServer
) -> None:
    """Bob is in scope and stays, with the reason; Eve never was and gets nothing, and the explanation says why."""
    configure(installation, features={"roles": True})
    (alice,) = employed(installation, "alice")
    bob, eve = installation.users("bob", "eve")
    sales = installation.granted("Sales", alice, bob, push_group=False, roles=["seller"])
    installation.run()
    filtered(UNSURE)
    add_members(sales.id, [eve.id], actor=SYSTEM)
    passes(installation, 2)
    assert set(only_once(target)) == {"alice", "bob"}
    assert inactive(target) == set()
    assert [role["value"] for role in only_once(target)["bob"]["roles"]] == ["seller"]
    link = installation.link(bob)
    assert link.state == "in_sync"
    assert "filter of the policy “Target for Sales” could not be evaluated" in link.reason
    assert "userType" in link.reason
    assert any("could not be evaluated" in line for line in explain(eve.id, installation.application.id))


def test_r11_why_not_names_the_filter_and_the_values(installation: Installation) -> None:
    """The chain ends at the filter, with what it looked at."""
    bob = installation.user("bob", userType="Guest")
    installation.granted("Sales", bob, push_group=False, scope=STAFF)
    installation.run()
    explanation = explanation_of(bob, fresh(installation))
    assert not explanation.granted
    (step,) = [step for step in explanation.steps if "the filter of the policy" in step.text]
    assert step.missing
    assert 'userType is "Guest"' in step.text
    assert STAFF in step.text


def test_a_policy_that_keeps_somebody_out_says_nothing_of_how_they_sign_in(
    installation: Installation,
) -> None:
    """It is not their policy."""
    (alice,) = employed(installation, "alice")
    bob = installation.user("bob")
    installation.granted("Sales", alice, bob, scope=STAFF)
    assert len(policies_of_user(alice.id)) == 1
    assert policies_of_user(bob.id) == []


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("user.", "Line 1"),
        ("user.nonsense == 1", "nonsense"),
        ("'Employee'", "true or false"),
        ('text["title"] == "x"', "belongs to the mapping"),
        (7, "no text"),
        ("x" * 11_000, "characters"),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused_with_place_and_reason(
    installation: Installation, scope: Any, said: str
) -> None:
    """When it is saved, and nothing is saved then."""
    installation.granted("Sales")
    with pytest.raises(ConfigurationRefusal) as refused:
        update_policy(policy().id, {"scope": scope}, actor=SYSTEM)
    (problem,) = refused.value.problems
    assert problem.place == "/scope"
    assert said in f"{problem.reason} {problem.hint}"
    assert policy().scope == ""


def test_a_filter_reads_extensions_and_lists(installation: Installation, target: LabServer) -> None:
    """The department of the enterprise extension, and any of the e-mail addresses."""
    one = installation.user("alice", **{ENTERPRISE_SCHEMA: {"department": "Tours"}})
    other = installation.user("bob", emails=[{"value": "bob@partner.example", "type": "work"}])
    scope = (
        f'("{ENTERPRISE_SCHEMA}" in user && user["{ENTERPRISE_SCHEMA}"].department == "Tours") '
        '|| user.emails.exists(e, e.value.endsWith("@partner.example"))'
    )
    installation.granted("Sales", one, other, installation.user("eve"), scope=scope)
    passes(installation, 2)
    assert set(only_once(target)) == {"alice", "bob"}
    assert members(target, "Sales") == {"alice", "bob"}
    assert installation.link(policy().group).state == "in_sync"


def test_r03_many_people_of_a_filter_are_judged_in_parts(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the size of a part: each is judged once."""
    monkeypatch.setattr("provisor.provisioning.fold.scope_filters.BATCH", 7)
    people = crowd(30)
    for user in people[:10]:
        change(user, userType="Employee")
    installation.granted("Sales", *people, push_group=False, scope=STAFF)
    installation.run()
    assert set(only_once(target)) == named(people[:10])
