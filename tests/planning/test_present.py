"""Plans for what should be there: what differs is sent, absence is a value, nothing is sent twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.planning.operation import Act, Desired, Ending, Known, Switches
from provisor.planning.present import acknowledge, plan_present
from provisor.scim.change import Change
from provisor.scim.path import MISSING
from tests.planning.examples import desired_states, known_states

WORK = 'emails[type eq "work"].value'
ALL = Switches()


def desired(values: dict[str, Any], **more: Any) -> Desired:
    managed = frozenset(more.pop("managed", values))
    return Desired(values=values, managed=managed, **more)


def changes(wanted: Desired, known: Known, switches: Switches = ALL) -> tuple[Change, ...]:
    operation = plan_present("user", wanted, known, switches).operation
    return operation.changes if operation is not None else ()


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize(("create", "act"), [(True, Act.CREATE), (False, Act.ADOPT)])
def test_r02_what_has_no_remote_id_is_looked_up_and_posted_only_where_the_switch_allows(
    kind: Any, create: bool, act: Act
) -> None:
    """Without a remote id the plan is create, and with the create switch off adopt, which never posts."""
    plan = plan_present(kind, desired({"userName": "a"}), Known(), Switches(create=create))
    assert plan.operation is not None
    assert plan.operation.act is act
    assert plan.operation.values == {"userName": "a"}


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        pytest.param({"title": "a"}, {"title": "a"}, [], id="equal"),
        pytest.param({"title": "a"}, {"title": "b"}, [("title", "a", True)], id="changed"),
        pytest.param({"title": "a"}, {}, [("title", "a", False)], id="new"),
        pytest.param({}, {"title": "b"}, [("title", MISSING, True)], id="gone: absence is a value (R4)"),
        pytest.param({}, {}, [], id="absent here and there"),
        pytest.param({"title": "A"}, {"title": "a"}, [("title", "A", True)], id="case is a difference"),
    ],
)
def test_r04_r05_only_what_differs_is_sent(
    want: dict[str, Any], have: dict[str, Any], expected: list[tuple[str, Any, bool]]
) -> None:
    """Desired against sent: equal sends nothing, and a value that is gone is removed."""
    wanted = desired(want, managed={"title"})
    assert changes(wanted, Known(remote_id="7", sent=have)) == tuple(Change(*each) for each in expected)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("roles", [{"value": "x"}, {"value": "y"}], [{"value": "y"}, {"value": "x"}]),
        ("active", True, "True"),
        ("name", {"givenName": "a", "familyName": "b"}, {"familyName": "b", "givenName": "a"}),
    ],
)
def test_r05_what_means_the_same_is_not_sent(path: str, one: Any, other: Any) -> None:
    """Order of values and keys, and booleans written as strings, are no difference."""
    assert changes(desired({path: one}), Known(remote_id="7", sent={path: other})) == ()


def test_an_element_counts_as_there_when_any_part_of_it_was_acknowledged() -> None:
    """A second sub-attribute of an element that is there replaces; the first of a new element adds."""
    known = Known(remote_id="7", sent={'emails[type eq "work"].display': "x"})
    there = changes(desired({WORK: "a@example.com"}), known)
    assert [change.exists for change in there] == [True]
    absent = changes(desired({WORK: "a@example.com"}), Known(remote_id="7", sent={"title": "x"}))
    assert [change.exists for change in absent] == [False]


def test_what_is_kept_waits_or_was_for_the_post_only_is_left_alone() -> None:
    """Such paths are neither changed nor removed, whatever was sent before."""
    wanted = desired(
        {"nickName": "new"}, managed={"title", "nickName", "manager"}, kept=frozenset({"title"}),
        create_only=frozenset({"nickName"}), waiting=("manager",),
    )  # fmt: skip
    plan = plan_present("user", wanted, Known(remote_id="7", sent={"title": "x", "nickName": "old"}), ALL)
    assert plan.operation is None
    assert plan.ending is Ending.WAITING
    assert "manager" in plan.reason


def test_with_updates_switched_off_only_the_life_cycle_is_sent() -> None:
    """Attributes are frozen; whether the account is active is not an attribute in this sense."""
    wanted = desired({"title": "new", "active": True})
    sent = Known(remote_id="7", sent={"title": "old", "active": False})
    assert [change.path for change in changes(wanted, sent, Switches(update=False))] == ["active"]


def test_a_path_in_doubt_is_sent_even_where_it_looks_equal() -> None:
    """A write without an outcome may have changed it, or taken it away."""
    equal = Known(remote_id="7", sent={"title": "a"}, doubt=frozenset({"title", "nickName"}))
    sent = changes(desired({"title": "a"}, managed={"title", "nickName"}), equal)
    assert {change.path: change.value for change in sent} == {"title": "a", "nickName": MISSING}


def test_after_a_delete_without_an_outcome_everything_is_sent_again() -> None:
    """Somebody came back while their deletion was under way: nothing of the account is certain."""
    known = Known(remote_id="7", sent={"title": "a"}, deleted_in_doubt=True)
    assert [change.path for change in changes(desired({"title": "a"}), known)] == ["title"]


@given(wanted=desired_states(), known=known_states(), update=st.booleans())
def test_r03_once_acknowledged_a_second_plan_is_empty(wanted: Desired, known: Known, update: bool) -> None:
    """Whatever was known before: a plan that was carried out leaves nothing to do."""
    switches = Switches(update=update)
    sent = acknowledge(wanted.values, known.sent, changes(wanted, known, switches))
    assert changes(wanted, Known(remote_id="7", sent=sent), switches) == ()


@given(wanted=desired_states(), known=known_states())
def test_r04_r05_a_plan_leads_to_exactly_what_is_desired(wanted: Desired, known: Known) -> None:
    """After it, each managed path that is not left alone holds the desired value or nothing, and no other path moved."""
    before = dict(known.sent or {})
    after = acknowledge(wanted.values, known.sent, changes(wanted, known))
    alone = wanted.kept | wanted.create_only | (frozenset(wanted.waiting) - before.keys())
    for path in wanted.managed - alone:
        assert (path in after) == (path in wanted.values)
    for path in alone | (before.keys() - wanted.managed):
        assert after.get(path, MISSING) == before.get(path, MISSING)


@given(wanted=desired_states(), known=known_states())
def test_r19_a_plan_never_changes_its_arguments(wanted: Desired, known: Known) -> None:
    """Plans are pure: what is shown in a dry run is not consumed by it."""
    before = (dict(wanted.values), dict(known.sent or {}))
    acknowledge(wanted.values, known.sent, changes(wanted, known))
    assert (dict(wanted.values), dict(known.sent or {})) == before


@given(wanted=desired_states(), known=known_states())
def test_r09_an_account_that_was_only_observed_is_never_written(wanted: Desired, known: Known) -> None:
    """It was seen and belongs to nobody, even if somebody of the directory should have one."""
    observed = Known(remote_id="7", sent=known.sent, doubt=known.doubt, observed_only=True)
    assert plan_present("user", wanted, observed, ALL).operation is None
