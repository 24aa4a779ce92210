"""Somebody else changes an account, and an answer to a request of ours shows it: it is found, never taken for the
application's own way with our values (engine.md, section 2; R3, R5).
"""

from typing import Any

import pytest

from provisor.directory.models import User
from provisor.provisioning.models import Link
from provisor.provisioning.preview.comparison import compare
from tests.provisioning.installation import Installation
from tests.provisioning.scanning import changes, findings, scan
from tests.provisioning.vices import (
    LATER,
    change,
    configure,
    crowd,
    declare,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    patch,
    received,
    writes,
)
from tests.servers import LabServer

#: How an application takes and answers a change.
DIALECTS: dict[str, dict[str, Any]] = {
    "patch": {},
    "patch, 204": {"patch_answer": "no_content"},
    "patch, 204, and a creation without a body": {"patch_answer": "no_content", "post_answer": "empty"},
    "patch against a version": {"etag": True},
    "put": {"patch": False},
    "put, 204": {"patch": False, "put_answer": "no_content"},
    "booleans as text": {"string_booleans": True, "patch_answer": "no_content", "post_answer": "empty"},
}


@pytest.fixture(params=[*DIALECTS.values()], ids=[*DIALECTS])
def spoken(request: pytest.FixtureRequest, target: LabServer) -> dict[str, Any]:
    target.set_options(**request.param)
    return dict(request.param)


def brought(installation: Installation, name: str = "alice", **attributes: Any) -> User:
    """Somebody who has an account, and to whom nothing is left to do."""
    user = installation.user(name, **attributes)
    installation.granted("Sales", user, push_group=False)
    installation.run(2)
    return user


def there(target: LabServer, name: str) -> dict[str, Any]:
    by_name = {user_name.lower(): user for user_name, user in target.state().users.items()}
    return dict(by_name[name])


def change_there(target: LabServer, name: str, path: str, value: Any) -> None:
    """Change an attribute as somebody else would; None takes it away."""
    operation = (
        {"op": "replace", "path": path, "value": value}
        if value is not None
        else {"op": "remove", "path": path}
    )
    patch(target, f"/Users/{there(target, name)['id']}", operation)


def change_as_somebody_else(
    target: LabServer, spoken: dict[str, Any], name: str, path: str, value: Any
) -> None:
    """The same past the dialect, which concerns only us."""
    target.set_options(patch=True, etag=False, patch_answer="body")
    change_there(target, name, path, value)
    target.set_options(**spoken)


@pytest.mark.parametrize("writes_before", [1, 4], ids=["on probation", "trusted"])
def test_r05_an_account_that_somebody_closes_is_found_although_our_own_write_met_it_closed(
    installation: Installation, target: LabServer, spoken: dict[str, Any], writes_before: int
) -> None:
    alice = brought(installation)
    for number in range(1, writes_before):
        change(alice, title=f"Title {number}")
        installation.run()
    change_as_somebody_else(target, spoken, "alice", "active", False)
    change(alice, title="Boss")
    installation.run(2)
    assert there(target, "alice")["title"] == "Boss"
    assert installation.link(alice).state == Link.State.IN_SYNC
    scan(installation)
    (found,) = findings(installation)
    assert list(changes(found)) == ["active"]


def test_r05_a_value_that_our_own_write_met_otherwise_is_corrected_with_one_write(
    installation: Installation, target: LabServer, spoken: dict[str, Any]
) -> None:
    """By the setting of the application; and the scan after it is quiet (R3)."""
    configure(installation, drift={"on_difference": "correct"})
    alice = brought(installation)
    change_as_somebody_else(target, spoken, "alice", "displayName", "Somebody Else")
    change(alice, title="Boss")
    installation.run(2)
    assert there(target, "alice")["displayName"] == "Somebody Else"
    before = received(target)
    scan(installation, passes=2)
    assert there(target, "alice")["displayName"] == "Alice Example"
    assert len(writes(target, after=before)) == 1
    before = received(target)
    scan(installation, passes=2)
    assert writes(target, after=before) == []
    assert findings(installation) == []


def test_r03_r05_values_of_the_applications_own_are_still_its_own_after_a_write_of_others(
    installation: Installation, target: LabServer, spoken: dict[str, Any]
) -> None:
    """It lower-cases the name and drops the title: neither is drift, whatever is written beside them."""
    spoken |= {"lower_case_user_name": True, "drops": ("title",)}
    target.set_options(**spoken)
    configure(installation, drift={"on_difference": "correct"})
    alice = brought(installation, "ALICE", title="Boss")
    for name in ("One", "Two", "Three"):
        change(alice, displayName=name)
        installation.run(2)
        before = received(target)
        scan(installation, passes=2)
        assert writes(target, after=before) == []
    assert findings(installation) == []
    before = received(target)
    installation.run(2)
    assert received(target) == before


def test_r05_what_somebody_takes_away_is_found_although_something_else_was_written_since(
    installation: Installation, target: LabServer, spoken: dict[str, Any]
) -> None:
    """Once a scan has seen it, a value that is not there any more is no way of the application's."""
    alice = brought(installation, title="Boss")
    for number in range(3):
        change(alice, displayName=f"Alice {number}")
        installation.run()
    scan(installation)
    change_as_somebody_else(target, spoken, "alice", "title", None)
    change(alice, displayName="Alice Other")
    installation.run(2)
    scan(installation)
    (found,) = findings(installation)
    assert changes(found) == {"title": ("Boss", None)}


def test_r04_r05_a_value_where_none_is_to_be_is_found_although_our_own_write_met_it(
    installation: Installation, target: LabServer, spoken: dict[str, Any]
) -> None:
    """Absence is a value: the application has shown that there was none."""
    configure(installation, drift={"on_difference": "correct"})
    alice = brought(installation)
    change(alice, displayName="Alice Second")
    installation.run(2)
    if spoken.get("post_answer"):
        # nothing but a scan has shown it
        scan(installation)
    change_as_somebody_else(target, spoken, "alice", "title", "Boss")
    change(alice, displayName="Alice Third")
    installation.run(2)
    assert there(target, "alice")["title"] == "Boss"
    scan(installation, passes=2)
    assert "title" not in there(target, "alice")
    before = received(target)
    scan(installation, passes=2)
    assert writes(target, after=before) == []


def test_r05_what_somebody_changes_while_a_write_is_in_doubt_is_put_right_with_it(
    installation: Installation, target: LabServer
) -> None:
    """The reply is lost: it is read back before the next write, and what is sent then is all that differs."""
    alice = brought(installation)
    target.set_options(faults=[fault("reset", "PATCH", handled=True)])
    change(alice, title="Boss")
    installation.run()
    change_there(target, "alice", "active", False)
    installation.run(later=LATER)
    assert (there(target, "alice")["title"], there(target, "alice")["active"]) == ("Boss", True)
    scan(installation)
    assert findings(installation) == []


def test_r05_r09_what_somebody_changes_after_an_adoption_is_found_although_a_write_met_it(
    installation: Installation, target: LabServer
) -> None:
    """Of an adopted account nothing was written: what it held then is the measure."""
    name = {"givenName": "Alice", "familyName": "Example"}
    emails = [{"value": "alice@example.com", "type": "work"}]
    existing(target, userName="alice", name=name, emails=emails, displayName="Alice Example", active=True)
    alice = brought(installation)
    assert installation.link(alice).origin == Link.Origin.ADOPTED
    change_there(target, "alice", "displayName", "Somebody Else")
    change(alice, title="Boss")
    installation.run(2)
    scan(installation)
    (found,) = findings(installation)
    assert changes(found) == {"displayName": ("Alice Example", "Somebody Else")}


def test_r05_a_leaver_whom_somebody_edits_is_no_drift_and_their_return_is_whole(
    installation: Installation, target: LabServer
) -> None:
    """Of a leaver only whether the account is open counts; who comes back is brought up to date by the next scan."""
    configure(installation, drift={"on_difference": "correct"})
    alice = brought(installation)
    change(alice, active=False)
    installation.run(2)
    change_there(target, "alice", "displayName", "Somebody Else")
    scan(installation, passes=2)
    assert findings(installation) == []
    change(alice, active=True)
    installation.run(2)
    scan(installation, passes=2)
    held = there(target, "alice")
    assert (held["displayName"], held["active"]) == ("Alice Example", True)


def test_r05_a_bulk_request_that_meets_foreign_values_does_not_take_them_for_the_applications_own(
    installation: Installation, target: LabServer
) -> None:
    target.set_options(bulk=True)
    declare(installation, bulk=True)
    people = crowd(60)
    installation.granted("Sales", *people, push_group=False)
    installation.run(2)
    for one in people:
        change_there(target, one.user_name, "active", False)
        change(one, title="Boss")
    before = received(target)
    installation.run(2)
    scan(installation)
    found = {one.name: list(changes(one)) for one in findings(installation)}
    assert found == {one.user_name: ["active"] for one in people}
    assert len(log(target, "POST", "/Bulk", after=before)) > 0
    assert len(log(target, "PATCH", after=before)) < len(people)


def test_what_was_answered_is_shown_as_a_whole_and_marked_only_where_it_differs(
    installation: Installation, target: LabServer
) -> None:
    """The sides of an account: an attribute that came back as it was sent is no difference, nor one that has no value."""
    target.set_options(lower_case_user_name=True)
    alice = brought(installation, "ALICE")
    sides, _ = compare(installation.link(alice))
    lines = {line.path: line for line in sides.lines}
    assert (lines["userName"].observed, lines["userName"].differing) == ("alice", {"observed"})
    assert (lines["displayName"].observed, lines["displayName"].differing) == ("Alice Example", set())
    assert "title" not in lines
