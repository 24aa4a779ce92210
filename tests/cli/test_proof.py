"""The proof of the demo finds what it is there to find."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from provisor.cli.demo.expected import Expected, attributes_of
from provisor.cli.demo.proof import prove
from provisor.cli.demo.snapshot import Snapshot, happened_between
from provisor.scim.schemas import ENTERPRISE_SCHEMA


def _user(identifier: str, name: str, manager: str = "") -> dict[str, Any]:
    enterprise = {"department": "Sales"} | ({"manager": {"value": manager}} if manager else {})
    return {
        "id": identifier,
        "externalId": f"local-{name}",
        "userName": name,
        "displayName": name.title(),
        "active": True,
        "emails": [{"value": f"{name}@example.com", "type": "work"}],
        ENTERPRISE_SCHEMA: enterprise,
    }


@pytest.fixture
def held() -> Snapshot:
    alice, bob = _user("1", "alice"), _user("2", "bob", manager="1")
    sales = {"id": "9", "displayName": "Sales", "members": [{"value": "1"}, {"value": "2"}]}
    return Snapshot(users={"1": alice, "2": bob}, groups={"9": sales})


@pytest.fixture
def expected(held: Snapshot) -> Expected:
    users = {
        "alice": attributes_of(held.users["1"], external_id="local-alice", manager=None),
        "bob": attributes_of(held.users["2"], external_id="local-bob", manager="alice"),
    }
    return Expected(users=users, groups={"Sales": frozenset({"alice", "bob"})})


def test_equal_is_equal(expected: Expected, held: Snapshot) -> None:
    """No difference, and the numbers of what was compared."""
    proof = prove(expected, frozenset(), held)
    assert (proof.differences, proof.users, proof.groups, proof.memberships) == ((), 2, 1, 2)


CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a missing account": (lambda held: held.users.pop("2"), '"bob" is missing'),
    "an account too many": (
        lambda held: held.users.update({"3": _user("3", "eve")}),
        '"eve" should not be there',
    ),
    "an account twice": (lambda held: held.users.update({"3": _user("3", "bob", "1")}), '"bob" twice'),
    "another value": (lambda held: held.users["1"].update(displayName="A"), 'displayName "A"'),
    "a value too many": (lambda held: held.users["1"].update(title="Queen"), 'title "Queen"'),
    "another manager": (
        lambda held: held.users["2"][ENTERPRISE_SCHEMA].update(manager={"value": "2"}),
        'manager "bob"',
    ),
    "a switched-off account": (lambda held: held.users["1"].update(active=False), "active"),
    "a missing group": (lambda held: held.groups.pop("9"), 'group "Sales" is missing'),
    "a missing member": (lambda held: held.groups["9"].update(members=[{"value": "1"}]), 'lacks "bob"'),
    "a member too many": (lambda held: held.groups["9"]["members"].append({"value": "7"}), "nobody (id 7)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_is_told(expected: Expected, held: Snapshot, change: str) -> None:
    """Each sort of difference has its sentence."""
    act, sentence = CHANGES[change]
    other = copy.deepcopy(held)
    act(other)
    proof = prove(expected, frozenset(), other)
    assert any(sentence in difference for difference in proof.differences), proof.differences


def test_a_leaver_must_be_switched_off(expected: Expected, held: Snapshot) -> None:
    """Active or gone, both are differences; inactive is right."""
    users = dict(held.users)
    users["3"] = {**_user("3", "carl"), "active": False}
    assert prove(expected, frozenset({"carl"}), Snapshot(users=users, groups=held.groups)).differences == ()
    users["3"] = _user("3", "carl")
    assert (
        "switched off"
        in prove(expected, frozenset({"carl"}), Snapshot(users=users, groups=held.groups)).differences[0]
    )
    assert "is gone" in prove(expected, frozenset({"carl"}), held).differences[0]


def test_what_happened_is_counted_from_the_server_alone(held: Snapshot) -> None:
    """Created, updated, deactivated, deleted; groups and memberships apart; meta does not count."""
    after = Snapshot(
        users={
            "1": {**held.users["1"], "title": "Lead", "meta": {"version": "2"}},
            "2": {**held.users["2"], "active": False},
            "3": _user("3", "carl"),
        },
        groups={
            "9": {
                **held.groups["9"],
                "displayName": "Sales EMEA",
                "members": [{"value": "1"}, {"value": "3"}],
            }
        },
    )
    happened = happened_between(held, after)
    assert (happened.created, happened.updated, happened.deactivated, happened.deleted) == (1, 1, 1, 0)
    assert (happened.groups_updated, happened.members_added, happened.members_removed) == (1, 1, 1)
