"""R8: what a cause comes to where a verb is missing or means something else; words, plan and effect agree."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.planning.absent import plan_absent_user
from provisor.planning.deprovision import DEFAULT_ACTIONS, deprovision
from provisor.planning.operation import Act, Cause, Ending, Known, Switches
from provisor.scim.capabilities import resolve
from provisor.scim.dialect import Dialect

DIALECT = resolve([])
ACTIVE = Known(remote_id="7", sent={"active": True})
INACTIVE = Known(remote_id="7", sent={"active": False})
LEAVING = tuple(DEFAULT_ACTIONS)

dialects = st.builds(
    replace,
    st.just(DIALECT),
    active_false_means=st.sampled_from(["suspend", "delete", "leave"]),
    delete_means=st.sampled_from(["delete", "deactivate", "irreversible", "unlink"]),
    delete_users=st.booleans(),
    patch_users=st.booleans(),
    put_users=st.booleans(),
)


def speaking(**facts: Any) -> Dialect:
    return replace(DIALECT, **facts)


def decide(action: str, dialect: Dialect, known: Known = ACTIVE) -> tuple[Act | None, Ending, str]:
    plan = plan_absent_user(Cause.UNASSIGNED, known, {"unassigned": action}, Switches(), dialect)
    operation = plan.operation
    return operation.act if operation else None, plan.ending, operation.reason if operation else plan.reason


@pytest.mark.parametrize(
    ("action", "facts", "act", "words"),
    [
        (
            "deactivate",
            {"active_false_means": "delete"},
            Act.DELETE,
            "deletes an account that is set inactive",
        ),
        (
            "deactivate",
            {"active_false_means": "delete", "delete_users": False},
            Act.DEACTIVATE,
            "deletes an account that is set inactive",
        ),
        ("deactivate", {"active_false_means": "leave"}, Act.DEACTIVATE, "leaves the organisation"),
        ("delete", {"delete_means": "deactivate"}, Act.DEACTIVATE, "only deactivates"),
        ("delete", {"delete_means": "unlink"}, Act.DEACTIVATE, "only unlinks"),
        ("delete", {"delete_means": "irreversible"}, Act.DELETE, "cannot be undone"),
        ("delete", {"delete_users": False}, Act.DEACTIVATE, "no DELETE"),
    ],
)
def test_r08_what_is_said_is_what_happens(action: str, facts: dict[str, Any], act: Act, words: str) -> None:
    """The plan uses the verb that does what was meant, or says what the verb does there."""
    planned, _, reason = decide(action, speaking(**facts))
    assert planned is act
    assert words in reason


def test_r08_an_application_that_takes_no_change_says_that_the_account_is_still_open() -> None:
    """Neither PATCH nor PUT: nothing is sent, and it is not called deactivated."""
    act, ending, reason = decide("deactivate", speaking(patch_users=False, put_users=False))
    assert (act, ending) == (None, Ending.FAILED)
    assert "still open" in reason


def test_r08_who_is_inactive_already_is_not_deleted_by_a_fact_that_is_learnt_later() -> None:
    """The table said deactivate, and that has been done."""
    dialect = speaking(active_false_means="delete")
    assert decide("deactivate", dialect, INACTIVE)[:2] == (None, Ending.RELEASED)


@pytest.mark.parametrize("delete", [True, False])
def test_r08_what_has_expired_is_deleted_unless_deleting_is_switched_off(delete: bool) -> None:
    """The switch counts for a deletion that comes later, too."""
    plan = plan_absent_user(Cause.EXPIRED, INACTIVE, {}, Switches(delete=delete), DIALECT)
    assert (plan.ending is Ending.GONE) is delete
    assert plan.operation is not None or "switch" in plan.reason


@given(
    cause=st.sampled_from(LEAVING), action=st.sampled_from(["deactivate", "delete", "keep"]), dialect=dialects,
    delete=st.booleans(),
)  # fmt: skip
def test_r08_no_verb_is_sent_that_is_missing_or_means_less_than_it_says(
    cause: Cause, action: str, dialect: Dialect, delete: bool
) -> None:
    """In whatever application: a DELETE deletes, an active=false can be said, and an effect is never hidden."""
    decided = deprovision(cause, {cause.value: action}, Switches(delete=delete), dialect)
    assert decided.reason.endswith(".")
    if decided.sends == "delete":
        assert dialect.delete_users
        assert dialect.delete_means in {"delete", "irreversible"}
        assert decided.deletes
    if decided.sends == "deactivate":
        assert dialect.patch_users or dialect.put_users
        assert decided.deletes == (dialect.active_false_means == "delete")
    if action == "keep":
        assert decided.sends == "keep"
