"""Which policy decides how a person signs in: read from the current tables each time it is asked."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from provisor.applications import policies
from provisor.applications.applications import delete_application, update_application
from provisor.applications.deciding import decisions
from provisor.applications.models import Application, Policy
from provisor.audit.actor import SYSTEM, Actor
from provisor.directory.everyone import everyone
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active

pytestmark = pytest.mark.django_db
Make = Callable[..., Application]
MakeUser = Callable[[str], User]
MakeGroup = Callable[..., Group]
Grants = Callable[..., Policy]


@pytest.fixture
def granted(actor: Actor) -> Grants:
    def grant(
        application: Application, group: Group, login_method: str, factor: str = "none", **more: str
    ) -> Policy:
        name = f"{application.name} for {group.display_name}"
        return policies.create_policy(
            actor=actor, name=name, application=application, group=group,
            login_method=login_method, second_factor=factor, **more,
        )  # fmt: skip

    return grant


def said(user: User) -> list[tuple[str, str, str]]:
    return [
        (one.application.name, one.grant.login_method, one.grant.second_factor) for one in decisions(user.id)
    ]


def test_of_the_groups_that_a_person_is_in_through_others_too_the_strongest_decides(
    make_application: Make, make_user: MakeUser, make_group: MakeGroup, granted: Grants
) -> None:
    """The flattened closure: a group three levels up counts like one's own. Everyone only where no other is named."""
    ada, slack = make_user("ada"), make_application("Slack")
    top = make_group("Top")
    inside = make_group("Inside", inside=top)
    make_group("Team", members=(ada,), inside=inside)
    granted(slack, everyone(), "password", "passkey")
    assert said(ada) == [("Slack", "password", "passkey")]
    granted(slack, inside, "magic_link")
    assert said(ada) == [("Slack", "magic_link", "none")]
    granted(slack, top, "password", "totp")
    assert said(ada) == [("Slack", "password", "totp")]


def test_who_leaves_the_group_loses_the_application_at_once(
    make_application: Make, make_user: MakeUser, make_group: MakeGroup, granted: Grants, actor: Actor
) -> None:
    """Nothing is remembered between two questions."""
    ada, slack = make_user("ada"), make_application("Slack")
    team = make_group("Team", members=(ada,))
    granted(slack, team, "password")
    assert said(ada) == [("Slack", "password", "none")]
    remove_members(team.id, [ada.id], actor=actor)
    assert said(ada) == []


def test_a_filter_and_an_exclusion_keep_a_person_out(
    make_application: Make, make_user: MakeUser, make_group: MakeGroup, granted: Grants, actor: Actor
) -> None:
    """Whom the filter lets out has no application by that policy; whom exclusions protect has none at all."""
    ada, bo = make_user("ada"), make_user("bo")
    slack, zoom = make_application("Slack"), make_application("Zoom")
    team = make_group("Team", members=(ada, bo))
    granted(slack, team, "password", "passkey", scope='user.displayName == "bo"')
    granted(zoom, team, "password")
    assert said(ada) == [("Zoom", "password", "none")]
    assert said(bo) == [("Slack", "password", "passkey"), ("Zoom", "password", "none")]
    update_application(zoom.id, {"exclusions": ["bo@example.com"]}, actor=actor)
    assert said(bo) == [("Slack", "password", "passkey")]


@pytest.mark.parametrize("how", ["disabled", "deleted", "application deleted"])
def test_nobody_who_is_gone_and_nothing_that_is_gone(
    how: str, make_application: Make, make_user: MakeUser, make_group: MakeGroup, granted: Grants
) -> None:
    """A disabled user keeps their groups, and has no application all the same."""
    ada, slack = make_user("ada"), make_application("Slack")
    granted(slack, make_group("Team", members=(ada,)), "password")
    if how == "disabled":
        set_active(ada.id, active=False, actor=SYSTEM)
    elif how == "deleted":
        delete_user(ada.id, actor=SYSTEM)
    else:
        delete_application(slack.id, actor=SYSTEM)
    assert said(ada) == []


def test_the_number_of_queries_does_not_grow_with_the_policies(
    make_application: Make, make_user: MakeUser, make_group: MakeGroup, granted: Grants,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    """Four: the person, the policies, the person again for filters, the applications."""
    ada = make_user("ada")
    for number in range(6):
        team = make_group(f"Team {number}", members=(ada,))
        granted(make_application(f"App {number}"), team, "password", scope="user.active")
    with django_assert_num_queries(4):
        assert len(decisions(ada.id)) == 6
