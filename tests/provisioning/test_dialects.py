"""R15: each switch of the lab target is handled, by a profile or by finding out: a whole life ends as it should."""

from dataclasses import fields
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user
from provisor.provisioning.models import Link
from tests.lab import LabOptions
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    declare,
    existing,
    good_again,  # noqa: F401 - a fixture
    members,
    only_once,
    passes,
    received,
)
from tests.servers import LabServer

#: Every switch that is a dialect, in every position that is not the default.
VICES: list[dict[str, Any]] = [
    {"patch": False},
    {"put": False},
    {"delete": False},
    {"groups": False},
    {"groups": False, "discovery": "absent"},
    {"bulk": False},
    {"bulk_operations": 1},
    {"bulk_payload": 100},
    {"discovery": "absent"},
    {"discovery": "plural"},
    {"discovery": "html"},
    {"filter": "absent"},
    {"filter": "refused"},
    {"filter": "ignored"},
    {"filter": "ignored", "page_size": 1, "page_cap": 1},
    {"filter_case_exact": True},
    {"page_size": 1},
    {"page_cap": 1, "filter": "absent"},
    {"cursor": True, "filter": "absent", "page_cap": 1},
    {"start_index_ignored": True},
    {"total_is_page_size": True, "page_cap": 1},
    {"duplicates": "bad_request"},
    {"duplicates": "allowed"},
    {"group_names_unique": False},
    {"id_is_user_name": True},
    {"patch_applied": "none"},
    {"patch_applied": "paths"},
    {"patch_applied": "pathless"},
    {"patch_applied": "none", "discovery": "absent", "patch_answer": "body"},
    {"pathless_patch": False},
    {"patch_applied": "pathless", "pathless_patch": False},
    {"replace_creates": True},
    {"members_per_request": 1},
    {"member_removal": "filter"},
    {"member_removal": "value"},
    {"member_removal": "everyone"},
    {"members_read": "absent"},
    {"members_read": "empty"},
    {"members_on_create": False},
    {"members_must_exist": False},
    {"absent_member_refused": True},
    {"drops": ["title", "nickName"]},
    {"lower_case_user_name": True},
    {"string_booleans": True},
    {"string_booleans": True, "patch": False},
    {"active_false_deletes": True},
    {"active_false_deletes": True, "patch": False},
    {"active_false_deletes": True, "patch_applied": "none"},
    {"active_false_deletes": True, "id_is_user_name": True},
    {"post_answer": "empty"},
    {"post_answer": "no_content"},
    {"put_answer": "empty", "patch": False},
    {"put_answer": "no_content", "patch": False},
    {"patch_answer": "body"},
    {"patch_answer": "empty"},
    {"etag": False},
    {"relative_location": True},
    {"content_type": "application/json"},
]
#: What is no dialect: credentials, speed, names that it does not take, faults, and `constant_answer`, after which nothing is there to be judged; and what
#: goes wrong with bulk requests, which a backlog brings about: test_bulk.py.
OTHERWISE = {
    "bulk_drops_results",
    "bulk_fails_on_errors",
    "bulk_lies",
    "bulk_references",
    "bulk_refused",
    "bulk_renames",
    "bulk_reverses",
    "refused_names",
    "token",
    "seed",
    "retry_after",
    "limits",
    "latency_ms",
    "faults",
    "keep_requests",
    "constant_answer",
}


def test_r15_no_switch_of_the_lab_target_is_left_out() -> None:
    """A switch that is added there needs its life here."""
    known = {field.name for field in fields(LabOptions)}
    assert {name for vice in VICES for name in vice} | OTHERWISE == known


@pytest.mark.parametrize("vice", VICES, ids=lambda vice: " ".join(f"{name}={vice[name]}" for name in vice))
def test_r15_a_whole_life_ends_as_it_should_whatever_the_dialect(
    installation: Installation, target: LabServer, vice: dict[str, Any]
) -> None:
    """Joining, changing, moving between groups, leaving, coming back, being deleted; then nothing more is sent."""
    existing(target, userName="carol", active=True)
    target.set_options(**vice)
    if "content_type" in vice:
        # no application tells which one it takes: a profile or a person does
        declare(installation, content_type=vice["content_type"])
    people = installation.users("Alice", "bob", "carol", "dave")
    sales = installation.granted("Sales", *people[:3])
    passes(installation, 2)
    assert accounts(target) == {"Alice", "bob", "carol"}
    assert in_group(target, vice, "Sales") == {"Alice", "bob", "carol"}
    move(sales, people)
    passes(installation, 2)
    held = only_once(target)
    assert held["Alice"]["name"]["givenName"] == "Alicia"
    assert [email["value"] for email in held["Alice"]["emails"]] == ["alicia@example.com"]
    assert held["Alice"].get("title") == (None if "drops" in vice else "Director")
    assert live(target) == {"Alice", "carol", "dave"}
    assert in_group(target, vice, "Marketing") == {"Alice", "carol", "dave"}
    come_back(sales, people)
    passes(installation, 2)
    assert live(target) == {"Alice", "bob", "carol"}
    assert in_group(target, vice, "Marketing") == {"Alice", "bob", "carol"}
    assert ("dave" in accounts(target)) is (
        vice.get("delete") is False and "active_false_deletes" not in vice
    )
    assert all(link.reason for link in Link.objects.exclude(state="in_sync"))
    assert set(installation.states()) <= {"in_sync", "released", "missing"}
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen


def move(sales: Group, people: list[User]) -> None:
    """Bob goes, Dave comes, Alice changes, and the group is renamed."""
    name = {"givenName": "Alicia", "familyName": "Example"}
    address = [{"value": "alicia@example.com", "type": "work", "primary": True}]
    change(people[0], name=name, emails=address, title="Director")
    remove_members(sales.id, [people[1].id], actor=SYSTEM)
    add_members(sales.id, [people[3].id], actor=SYSTEM)
    update_group(sales.id, display_name="Marketing", actor=SYSTEM)


def come_back(sales: Group, people: list[User]) -> None:
    """Bob is back, and Dave is deleted."""
    add_members(sales.id, [people[1].id], actor=SYSTEM)
    delete_user(people[3].id, actor=SYSTEM)


def accounts(target: LabServer) -> set[str]:
    return set(only_once(target))


def live(target: LabServer) -> set[str]:
    """Names of accounts that are open; the state of the lab is not told in its dialect."""
    return {name for name, account in only_once(target).items() if account["active"] in (True, "True")}


def in_group(target: LabServer, vice: dict[str, Any], name: str) -> set[str]:
    """Who is in the group; where there are no groups, those who are live, so that nothing is asked of it."""
    return live(target) if vice.get("groups") is False else members(target, name)


def test_r15_a_profile_that_knows_of_partial_put_keeps_hidden_members(
    installation: Installation, target: LabServer
) -> None:
    """`put_partial`: what the body does not name stays, so members that are not shown are not sent either."""
    target.set_options(patch=False, members_read="absent", keep_requests=True)
    declare(installation, put_partial=True, members_readable=False)
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    passes(installation, 1)
    seen = received(target)
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 1)
    (entry,) = [one for one in target.requests(after=seen, whole=True) if one["method"] == "PUT"]
    assert '"members"' not in entry["body"]


def test_r15_a_target_that_gives_one_answer_to_everything_gets_no_second_account(
    installation: Installation, target: LabServer
) -> None:
    """Each request is answered with an empty list: nothing counts as created, and the link says why."""
    target.set_options(constant_answer=True)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 3)
    link = installation.link(user)
    assert link.state == Link.State.CONFLICT
    assert "without an id" in link.reason
    assert installation.writes() == 1
