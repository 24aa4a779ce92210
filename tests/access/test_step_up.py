"""What a session lacks before an application opens: every demand against everything that can be proved and set up."""

from collections.abc import Set as AbstractSet
from itertools import chain, combinations
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.access.demands import Demand
from provisor.access.methods import SECOND_FACTORS, Method, Strength, strength_of
from provisor.access.step_up import Step, steps
from provisor.applications.granting import _STRENGTH, Grant, strongest

#: Under load the generation of inputs is slow, which says nothing of the claim.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SETS = st.sets(st.sampled_from(Method))
_NEEDED = st.sampled_from(Strength)
#: What somebody can have; a recovery code and the word of a provider are no demand's answer.
_OWN = (Method.PASSWORD, Method.PASSKEY, Method.TOTP, Method.EMAIL_CODE)


def _demand(login_method: str, second_factor: str) -> Demand:
    return Demand(
        application_id=UUID(int=1), application_name="A", launch_url="", policy_id=UUID(int=2), policy_name="P",
        login_method=login_method, second_factor=second_factor,
    )  # fmt: skip


@_patient
@given(_NEEDED, _SETS, _SETS)
def test_whoever_does_all_the_steps_is_strong_enough(
    needed: Strength, proved: AbstractSet[Method], enrolled: AbstractSet[Method]
):
    """And nobody is asked for anything who is strong enough already."""
    found = steps(needed, proved, enrolled)
    assert strength_of(proved | {step.method for step in found}) >= needed
    assert bool(found) == (strength_of(proved) < needed)


@_patient
@given(_NEEDED, _SETS, _SETS)
def test_no_step_asks_for_what_is_proved_and_none_comes_twice(
    needed: Strength, proved: AbstractSet[Method], enrolled: AbstractSet[Method]
):
    """Exactly what is missing; only what the person lacks is set up."""
    methods = [step.method for step in steps(needed, proved, enrolled)]
    assert len(set(methods)) == len(methods)
    assert not set(methods) & proved
    assert all(step.enrol == (step.method not in enrolled) for step in steps(needed, proved, enrolled))


@_patient
@given(_NEEDED, _SETS, _SETS)
def test_before_anything_is_set_up_everything_that_the_person_has_is_proved(
    needed: Strength, proved: AbstractSet[Method], enrolled: AbstractSet[Method]
):
    """The password and one second factor, if there are any: a stolen mailbox or session adds no factor of its own."""
    found = steps(needed, proved, enrolled)
    anew = [step.enrol for step in found]
    assert anew == sorted(anew)
    if any(anew):
        before = proved | {step.method for step in found if not step.enrol}
        assert Method.PASSWORD not in enrolled or Method.PASSWORD in before
        assert not enrolled & {Method.PASSKEY, Method.TOTP} or before & SECOND_FACTORS


@_patient
@given(_NEEDED, _SETS)
def test_who_has_a_way_is_made_to_set_nothing_up(needed: Strength, proved: AbstractSet[Method]):
    """Enrolment is for who lacks the demanded factor."""
    assert not any(step.enrol for step in steps(needed, proved, set(_OWN)))


def test_the_way_with_the_least_to_prove_is_taken():
    """A passkey answers for password and one-time code at once, if there is one."""
    code = frozenset({Method.EMAIL_CODE})
    both = frozenset({Method.PASSWORD, Method.TOTP})
    assert steps(Strength.PASSWORD_AND_TOTP, code, both | {Method.PASSKEY}) == (
        Step(Method.PASSKEY, enrol=False),
    )
    assert steps(Strength.PASSWORD_AND_TOTP, {Method.PASSWORD}, both) == (Step(Method.TOTP, enrol=False),)
    assert steps(Strength.PASSKEY, code, both) == (
        Step(Method.PASSWORD, enrol=False), Step(Method.TOTP, enrol=False), Step(Method.PASSKEY, enrol=True),
    )  # fmt: skip


def test_who_has_nothing_sets_up_what_the_policy_names():
    """A password and an app where it says so, although a passkey would be one thing less."""
    found = steps(Strength.PASSWORD_AND_TOTP, {Method.EMAIL_CODE}, {Method.EMAIL_CODE})
    assert found == (Step(Method.PASSWORD, enrol=True), Step(Method.TOTP, enrol=True))


@pytest.mark.parametrize("pair", _STRENGTH)
def test_a_demand_is_met_by_just_what_is_as_strong(pair: tuple[str, str]):
    """Of all 128 sets of methods those that are at least as strong as the policy says (design, section 6)."""
    needed = _demand(*pair).needed
    sets = chain.from_iterable(combinations(Method, size) for size in range(len(Method) + 1))
    assert all((not steps(needed, set(one), set())) == (strength_of(set(one)) >= needed) for one in sets)


def test_the_order_of_policies_and_the_order_of_sessions_are_one():
    """What makes one policy beat another also makes a session need more."""
    pairs = sorted(_STRENGTH, key=lambda pair: _STRENGTH[pair])
    needed = [_demand(*pair).needed for pair in pairs]
    assert needed == sorted(needed)
    assert len(set(needed)) == len({_STRENGTH[pair] for pair in pairs})


def test_a_pair_that_nobody_knows_demands_the_most():
    """Fail closed: a later version may have written more into the table."""
    assert _demand("retina", "none").needed is Strength.PASSWORD_AND_PASSKEY


@_patient
@given(st.lists(st.tuples(st.sampled_from(sorted(_STRENGTH)), st.booleans()), min_size=1, max_size=6))
def test_of_several_policies_the_named_group_then_the_strongest_decides(
    said: list[tuple[tuple[str, str], bool]],
):
    """Whatever their order and number."""
    grants = [
        Grant(
            policy_id=UUID(int=number + 1), policy_name="P", application_id=UUID(int=1), group_id=UUID(int=2),
            login_method=pair[0], second_factor=pair[1], named=named,
        )
        for number, (pair, named) in enumerate(said)
    ]  # fmt: skip
    decides = strongest(reversed(grants))
    assert decides is not None
    count = [one for one in grants if one.named] or grants
    most = max(_demand(one.login_method, one.second_factor).needed for one in count)
    assert decides in count
    assert _demand(decides.login_method, decides.second_factor).needed == most
