"""Plans for what should not be there any more: the table of causes, the switches, and what is not ours."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.planning.absent import plan_absent_group, plan_absent_user
from provisor.planning.deprovision import DEFAULT_ACTIONS
from provisor.planning.operation import Act, Cause, Ending, Known, Plan, Switches
from provisor.scim.capabilities import resolve

DIALECT = resolve([])
ACTIVE = Known(remote_id="7", sent={"active": True})
CAUSES = (Cause.UNASSIGNED, Cause.DISABLED, Cause.DELETED)
ACTIONS = ("deactivate", "delete", "keep")
ACTS = {"deactivate": Act.DEACTIVATE, "delete": Act.DELETE, "keep": None}


def act(plan: Plan) -> Act | None:
    return plan.operation.act if plan.operation is not None else None


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("delete", [True, False])
def test_r08_the_table_of_causes_and_the_delete_switch(cause: Cause, action: str, delete: bool) -> None:
    """Each cause does what the table says; with delete off, nothing happens when a user is disabled or deleted."""
    plan = plan_absent_user(cause, ACTIVE, {cause: action}, Switches(delete=delete), DIALECT)
    switched_off = not delete and cause is not Cause.UNASSIGNED
    expected = None if switched_off else ACTS[action]
    assert act(plan) is expected
    assert plan.ending is (Ending.GONE if expected is Act.DELETE else Ending.RELEASED)
    assert plan.reason or plan.operation is not None


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(Cause.UNASSIGNED, "deactivate"), (Cause.DISABLED, "deactivate"), (Cause.DELETED, "delete")],
)
def test_r08_what_the_administrator_left_out_has_a_default(cause: Cause, expected: str) -> None:
    """Unassigned and disabled deactivate, deleted deletes."""
    assert DEFAULT_ACTIONS[cause] == expected
    assert act(plan_absent_user(cause, ACTIVE, {}, Switches(), DIALECT)) is ACTS[expected]


def test_r08_an_application_that_cannot_delete_deactivates_and_says_so() -> None:
    """A verb that the profile forbids is never planned."""
    dialect = replace(DIALECT, delete_users=False)
    plan = plan_absent_user(Cause.DELETED, ACTIVE, {}, Switches(), dialect)
    assert act(plan) is Act.DEACTIVATE
    assert "instead of deleted" in plan.reason


def test_r03_who_is_inactive_already_is_not_deactivated_again() -> None:
    """The application has confirmed it."""
    inactive = Known(remote_id="7", sent={"active": False})
    plan = plan_absent_user(Cause.UNASSIGNED, inactive, {}, Switches(), DIALECT)
    assert act(plan) is None
    assert plan.ending is Ending.RELEASED


@pytest.mark.parametrize(
    "doubt", [{"doubt": frozenset({"active"})}, {"deleted_in_doubt": True}], ids=["active", "delete"]
)
def test_a_deactivation_in_doubt_is_sent_again(doubt: dict[str, Any]) -> None:
    """Add and remove around a crash leave no leaver inside."""
    inactive = Known(remote_id="7", sent={"active": False}, **doubt)
    assert act(plan_absent_user(Cause.UNASSIGNED, inactive, {}, Switches(), DIALECT)) is Act.DEACTIVATE


def test_who_was_never_there_leaves_nothing_behind() -> None:
    """No remote id and no doubt: the link goes without a request."""
    plan = plan_absent_user(Cause.DELETED, Known(), {}, Switches(), DIALECT)
    assert (act(plan), plan.ending) == (None, Ending.GONE)


def test_r02_a_create_without_an_outcome_is_looked_up_when_its_user_leaves() -> None:
    """A leaver may be inside: only a look-up tells."""
    plan = plan_absent_user(Cause.DELETED, Known(created_in_doubt=True), {}, Switches(), DIALECT)
    assert act(plan) is Act.FIND_AND_DEPROVISION


@given(
    cause=st.sampled_from(CAUSES),
    action=st.sampled_from(ACTIONS),
    switches=st.builds(Switches, create=st.booleans(), update=st.booleans(), delete=st.booleans()),
    known=st.builds(
        Known, remote_id=st.just("7"), sent=st.sampled_from([None, {"active": True}, {"active": False}]),
        doubt=st.sampled_from([frozenset(), frozenset({"active"})]), deleted_in_doubt=st.booleans(),
        observed_only=st.just(True),
    ),
)  # fmt: skip
def test_r09_an_account_that_was_only_observed_is_never_touched(
    cause: Cause, action: str, switches: Switches, known: Known
) -> None:
    """Whatever the cause, the table and the switches: it is not ours."""
    plan = plan_absent_user(cause, known, {cause: action}, switches, DIALECT)
    assert (act(plan), plan.ending) == (None, Ending.RELEASED)
    plan = plan_absent_group(cause, known, switches, DIALECT)
    assert (act(plan), plan.ending) == (None, Ending.RELEASED)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("delete", [True, False])
@pytest.mark.parametrize("can", [True, False])
def test_a_group_is_deleted_only_when_it_was_deleted_here(cause: Cause, delete: bool, can: bool) -> None:
    """A group that no policy pushes any more is kept; so is one where the switch or the application forbids."""
    dialect = replace(DIALECT, delete_groups=can)
    plan = plan_absent_group(cause, Known(remote_id="7"), Switches(delete=delete), dialect)
    deletes = cause is Cause.DELETED and delete and can
    assert act(plan) is (Act.DELETE if deletes else None)
    assert plan.ending is (Ending.GONE if deletes else Ending.RELEASED)
    assert deletes or plan.reason
