"""The company, its target, its application and its policies come together, or not at all."""

import pytest

from provisor.applications.models import Application, Policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.models import Group, User
from provisor.provisioning.operations import OperationRefused
from provisor.sample.keeper import Keeper
from provisor.sample.loading import PEOPLE, Loaded, load_sample
from tests.sample.conftest import until


class GoneElsewhere(Exception):  # noqa: N818 - what a progress raises when a person stops
    """Raised in the middle."""


def test_it_brings_120_people_12_groups_and_an_application_in_enforce_mode_that_is_granted(
    loaded: Loaded,
) -> None:
    application = Application.objects.get(pk=loaded.application_id)
    assert User.objects.count() == PEOPLE == 120
    assert Group.objects.filter(is_everyone=False).count() == 12
    assert (application.name, application.mode, application.paused) == ("Sample target", "enforce", False)
    assert Policy.objects.filter(application=application).count() == 11


def test_it_counts_to_its_total(keeper: Keeper) -> None:
    seen: list[tuple[int, int]] = []
    load_sample(keeper, SYSTEM, lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 0)
    assert seen[-1] == (143, 143)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("after", [0, 60, 125, 143])
def test_stopped_in_the_middle_it_leaves_nothing_behind(keeper: Keeper, after: int) -> None:
    """Otherwise the system would not be empty, and could not be loaded again."""

    def stop(done: int, _total: int) -> None:
        if done >= after:
            raise GoneElsewhere

    with pytest.raises(GoneElsewhere):
        load_sample(keeper, SYSTEM, stop)
    assert not User.objects.exists()
    assert not Group.objects.filter(is_everyone=False).exists()
    assert not Application.objects.exists()
    assert keeper.target is None
    assert load_sample(keeper, SYSTEM, lambda _done, _total: None)


def test_a_system_that_is_not_empty_is_left_alone(keeper: Keeper) -> None:
    create_group("Sales", actor=SYSTEM)
    with pytest.raises(OperationRefused, match="this one has 1 group"):
        load_sample(keeper, SYSTEM, lambda _done, _total: None)
    assert keeper.target is None


def test_somebody_who_comes_first_by_a_moment_is_not_mixed_with_the_sample(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system was empty when it was looked at, and is not when it is written to."""

    def hurry(done: int, total: int) -> None:
        if (done, total) == (0, 0):
            create_group("Sales", actor=SYSTEM)

    with pytest.raises(OperationRefused, match="this one has 1 group"):
        load_sample(keeper, SYSTEM, hurry)
    assert [group.display_name for group in Group.objects.filter(is_everyone=False)] == ["Sales"]
    until(lambda: keeper.target is None)


def test_without_its_package_it_says_what_to_install(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisor.sample.process.installed", lambda: False)
    with pytest.raises(OperationRefused, match=r"pip install provisor\[demo\]"):
        load_sample(keeper, SYSTEM, lambda _done, _total: None)
    assert not User.objects.exists()
