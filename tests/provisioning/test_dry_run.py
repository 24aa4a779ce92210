"""R19: a dry run writes nothing, here or there, and plans exactly what the next pass then does."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.preview.preview import FIRST, plan_application, plan_one
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    LATER,
    change,
    configure,
    crowd,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    holds,
    passes,
    received,
    writes,
)
from tests.servers import LabServer

METHODS = {"create": "POST", "update": "PATCH", "deactivate": "PATCH", "delete": "DELETE"}


def tables() -> dict[str, list[Any]]:
    """Every row of every table of the rooms that a dry run could touch."""
    labels = ("provisioning", "applications", "directory", "audit")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model._meta.db_table: list(model.objects.order_by("pk").values()) for model in models}  # type: ignore[attr-defined]


def sent(target: LabServer, after: int) -> Counter[str]:
    return Counter(entry["method"] for entry in writes(target, after=after))


def planned(plan: dict[str, Any]) -> Counter[str]:
    """Requests that write, by method."""
    rows = [request for operation in plan["operations"] for request in operation["requests"]]
    return Counter(request["method"] for request in rows if request["method"] != "GET")


def test_r19_a_dry_run_writes_nothing(installation: Installation, target: LabServer) -> None:
    """Not a row, not a request, not even of what is folded for it."""
    people = crowd(30)
    installation.granted("Sales", *people)
    before = tables()
    first = plan_application(installation.application.id)
    assert tables() == before
    assert plan_application(installation.application.id) == first
    assert received(target) == 0
    plan_one(installation.application.id, "user", people[0].id)
    assert tables() == before


def test_r19_the_first_pass_does_what_was_planned(installation: Installation, target: LabServer) -> None:
    """Creations of users and of the group, and its members."""
    people = crowd(30)
    installation.granted("Sales", *people)
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {"create": 31, "add_members": 30}
    installation.run()
    assert sent(target, 0) == {"POST": 31, "PATCH": 1}


def test_r19_a_mixed_pass_does_what_was_planned(installation: Installation, target: LabServer) -> None:
    """Joiners, movers, leavers, renames: the totals and the requests are those of the pass that follows."""
    people = crowd(30)
    group = installation.granted("Sales", *people)
    installation.run()
    change(people[0], title="new")
    change(people[1], displayName="other", title="both")
    remove_members(group.id, [people[2].id], actor=SYSTEM)
    set_active(people[3].id, False, actor=SYSTEM)
    delete_user(people[4].id, actor=SYSTEM)
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    add_members(group.id, [user.id for user in crowd(3, "joiner")], actor=SYSTEM)
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {
        "update": 3, "deactivate": 2, "delete": 1, "create": 3, "remove_members": 2, "add_members": 3,
    }  # fmt: skip
    assert [row["act"] for row in plan["operations"]][:3] == ["delete", "deactivate", "deactivate"]
    seen = received(target)
    installation.run()
    assert sent(target, seen) == planned(plan) + Counter({"PATCH": 1})
    assert plan_application(installation.application.id)["totals"] == {}


def test_r19_what_the_brake_would_hold_is_shown_and_not_held(
    installation: Installation, target: LabServer
) -> None:
    """The plan counts what would be held; nothing is held by looking."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    plan = plan_application(installation.application.id)
    assert (plan["totals"], plan["held"]) == ({}, 6)
    assert holds(installation) == []
    installation.run()
    assert len(holds(installation)) == 6
    assert plan_application(installation.application.id)["held"] == 6


def test_r19_what_is_in_doubt_or_in_back_off_is_planned_once(
    installation: Installation, target: LabServer
) -> None:
    """A creation without an outcome shows as a creation, and the pass that follows sends none if it is there."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    target.set_options(faults=[fault("reset", "POST", handled=True)])
    installation.run()
    before = tables()
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {"create": 1}
    assert tables() == before
    seen = received(target)
    installation.run(later=LATER)
    assert sent(target, seen) == {}
    assert plan_application(installation.application.id)["totals"] == {}


def test_r19_switches_and_exclusions_show_in_the_plan(installation: Installation, target: LabServer) -> None:
    """What would not be sent is not in the totals."""
    configure(installation, features={"groups": {"membership": False}}, exclusions=["user0000"])
    installation.granted("Sales", *crowd(5))
    assert plan_application(installation.application.id)["totals"] == {"create": 5}
    installation.run()
    assert sent(target, 0) == {"POST": 5}


def test_r19_pages_of_a_plan_join_to_the_whole(installation: Installation, target: LabServer) -> None:
    """Every operation is on one page, and on one only."""
    installation.granted("Sales", *crowd(25))
    whole = plan_application(installation.application.id)
    rows: list[dict[str, Any]] = []
    after: str | None = str(FIRST)
    while after is not None:
        page = plan_application(installation.application.id, after=UUID(after), limit=7)
        assert page["totals"] == whole["totals"]
        rows += page["operations"]
        after = page["next"]
    assert Counter((row["local_id"], row["act"]) for row in rows) == Counter(
        (row["local_id"], row["act"]) for row in whole["operations"]
    )


def test_r19_members_of_a_large_group_are_all_counted(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than are taken up at once: the number is that of all, and the plan says how many requests it shows."""
    monkeypatch.setattr("provisor.provisioning.passes.group_work.MEMBERS_AT_ONCE", 7)
    people = crowd(30)
    group = installation.granted("Sales", *people)
    installation.granted("Staff", *people, push_group=False)
    configure(installation, brake={"count": 100, "percent": 100})
    installation.run()
    joiners = crowd(10, "joiner")
    installation.granted("Others", *joiners, push_group=False)
    installation.run()
    add_members(group.id, [user.id for user in joiners], actor=SYSTEM)
    remove_members(group.id, [user.id for user in people[:20]], actor=SYSTEM)
    plan = plan_application(installation.application.id)
    assert plan["totals"] == {"add_members": 10, "remove_members": 20}
    assert "7 of 20 members are shown" in plan["operations"][0]["reason"]
    passes(installation, 2)
    assert plan_application(installation.application.id)["totals"] == {}


@pytest.mark.parametrize("adopted", [True, False])
def test_r19_the_plan_of_one_person_shows_each_request(
    installation: Installation, target: LabServer, adopted: bool
) -> None:
    """As it will leave, with the body; what depends on an answer says so."""
    if adopted:
        existing(target, userName="alice")
    user, other = installation.user("alice"), installation.user("bob")
    installation.granted("Sales", user)
    plan = plan_one(installation.application.id, "user", user.id)
    assert plan["in_scope"] is True
    requests = plan["operations"][0]["requests"]
    assert [request["method"] for request in requests] == ["GET", "POST"]
    assert requests[1]["body"]["userName"] == "alice"
    assert "not there" in requests[1]["note"]
    assert plan_one(installation.application.id, "user", other.id)["operations"] == []
