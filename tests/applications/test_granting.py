"""Which policies reach a person, and which one decides how the person signs in."""

import itertools
from collections.abc import Callable
from uuid import UUID

import pytest

from provisor.applications import policies
from provisor.applications.granting import Grant, policies_of_user, strongest
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.directory.everyone import everyone
from provisor.directory.groups import delete_group
from provisor.directory.models import Group, User

#: The order of the design, section 6, the strongest first.
ORDER = [
    ("password", "passkey"),
    ("passwordless", "passkey"),
    ("password", "totp"),
    ("password", "none"),
    ("passwordless", "none"),
]


_NUMBERS = itertools.count(1)


def grant(login_method: str, second_factor: str = "none", *, named: bool = True) -> Grant:
    return Grant(
        policy_id=UUID(int=next(_NUMBERS)),
        policy_name="P",
        application_id=UUID(int=1),
        group_id=UUID(int=2),
        login_method=login_method,
        second_factor=second_factor,
        named=named,
    )


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.combinations(ORDER, 2)))
def test_the_strongest_login_wins(stronger: tuple[str, str], weaker: tuple[str, str]) -> None:
    """Password + passkey, then passkey, then password + TOTP, then password, then a code by e-mail."""
    one, other = grant(*stronger), grant(*weaker)
    assert strongest([one, other]) == strongest([other, one]) == one


def test_a_named_group_beats_everyone() -> None:
    """What was said of the group counts more than what was said of all, be it weaker."""
    weak, strong = grant("magic_link"), grant("password", "passkey", named=False)
    assert strongest([strong, weak]) == weak


def test_a_choice_counts_as_its_weakest_answer() -> None:
    """Password with any factor may be answered with a TOTP, so a passkey alone is stronger."""
    chosen, passkey = grant("password", "any"), grant("passwordless", "passkey")
    assert strongest([chosen, passkey]) == passkey


def test_of_equals_the_oldest_decides_in_any_order() -> None:
    """A magic link and a code by e-mail are equal; the answer does not depend on the order."""
    oldest, newest = grant("magic_link"), grant("passwordless")
    assert strongest([newest, oldest]) == strongest([oldest, newest]) == oldest


def test_nobody_is_granted_anything_by_nothing() -> None:
    """No policy, no login method."""
    assert strongest([]) is None


@pytest.mark.django_db
class TestPoliciesOfUser:
    def test_policies_reach_through_groups_inside_groups(
        self,
        actor: Actor,
        make_application: Callable[..., Application],
        make_group: Callable[..., Group],
        make_user: Callable[[str], User],
    ) -> None:
        """A policy of the outer group reaches members of the inner one, and not the other way round."""
        alice, bob = make_user("alice"), make_user("bob")
        outer = make_group("Sales", members=(bob,))
        middle = make_group("Sales EMEA", inside=outer)
        inner = make_group("Sales Oslo", inside=middle, members=(alice,))
        acme = make_application()
        for name, group in (("outer", outer), ("inner", inner)):
            policies.create_policy(name=name, application=acme, group=group, actor=actor)
        assert [found.policy_name for found in policies_of_user(alice.pk)] == ["outer", "inner"]
        assert [found.policy_name for found in policies_of_user(bob.pk)] == ["outer"]

    def test_everyone_is_not_a_named_group_and_deleted_groups_grant_nothing(
        self,
        actor: Actor,
        make_application: Callable[..., Application],
        make_group: Callable[..., Group],
        make_user: Callable[[str], User],
    ) -> None:
        """The grant of Everyone is marked; the one of a deleted group is gone."""
        alice = make_user("alice")
        gone = make_group("Gone", members=(alice,))
        acme = make_application()
        for group in (everyone(), gone):
            policies.create_policy(name="P", application=acme, group=group, actor=actor)
        delete_group(gone.pk, actor=actor)
        assert [(found.group_id, found.named) for found in policies_of_user(alice.pk)] == [
            (everyone().pk, False)
        ]
