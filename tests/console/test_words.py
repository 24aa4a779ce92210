"""Times, states and events as people read them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisor.applications.models import Application
from provisor.console import words
from provisor.console.templatetags.console import ago
from provisor.provisioning.models import Health, Link


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "just now"), (59, "just now"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"),
     (86_399, "23 h ago"), (86_400, "1 day ago"), (200_000, "2 days ago"), (-5, "just now")],
)  # fmt: skip
def test_a_moment_is_shown_as_time_ago_with_the_exact_one_beside_it(seconds: int, shown: str):
    """Datetimes and Unix milliseconds alike; a clock that is ahead is just now."""
    moment = timezone.now() - timedelta(seconds=seconds)
    exact = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    for given in (moment, moment.timestamp() * 1000):
        assert f'datetime="{exact}"' in ago(given)
        assert f">{shown}</time>" in ago(given)


@pytest.mark.parametrize("nothing", [None, 0])
def test_no_moment_is_never(nothing: int | None):
    """An application that was not contacted yet."""
    assert ago(nothing) == "never"


def test_no_state_is_shown_with_an_underscore():
    """Every state of a link and of an application has words."""
    for name in [*Link.State.values, *Health.State.values, *Application.Mode.values, "paused"]:
        assert "_" not in words.state(name)
        assert words.state(name)


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ("group.members_added", "Group: members added"),
        ("user.created", "User: created"),
        ("restored", "Restored"),
    ],
)
def test_an_event_is_shown_in_words(event: str, shown: str):
    """`noun.verb` becomes two words."""
    assert words.event(event) == shown


def test_one_member_and_several_are_told_apart():
    assert words.operation("members_added", 1) == "1 member added"
    assert words.operation("members_added", 1_476) == "1,476 members added"
    assert words.operation("create", 1) == "1 create"
