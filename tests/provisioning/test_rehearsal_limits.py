"""The rehearsal of large changes: counted instead of planned, and never more questions for more people (R10)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisor.applications.applications import create_application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, nest, remove_members
from provisor.directory.models import Group
from provisor.directory.users import set_active
from provisor.provisioning.rehearsal import rehearsal_count
from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence
from provisor.provisioning.rehearsal.rehearsal_count import crowded
from tests.provisioning.installation import ACTOR, Installation
from tests.provisioning.rehearsing import counted, every_kind_of_change, everything, settled, shouting
from tests.provisioning.vices import (
    configure,
    crowd,
    good_again,  # noqa: F401 - a fixture
)
from tests.servers import LabServer


def test_beyond_the_limit_accounts_are_counted_and_nothing_is_folded_or_planned(
    installation: Installation, target: LabServer
) -> None:
    """A mapping change reaches every account, a policy everybody in its group, whatever becomes of them."""
    people, group = settled(installation, 20)
    mapping = shouting(installation)

    def act() -> None:
        configure(installation, mappings=mapping)
        set_active(people[0].id, False, actor=SYSTEM)
        add_members(group.id, [each.id for each in crowd(2, "joiner")], actor=SYSTEM)

    exact = rehearse(act, limit=22)
    assert counted(exact) == {"updates": 19, "deactivates": 1, "creates": 2, "members_added": 2}
    assert (exact.touched, exact.planned) == (23, 23)
    before = everything()
    bounded = rehearse(act, limit=21)
    assert everything() == before
    assert counted(bounded) == {"reached": 22}
    assert (bounded.touched, bounded.planned, dict(bounded.reaches[0].names)) == (22, 0, {})
    assert sentence(bounded) == "Reaches up to 22 accounts in Target, too many to plan one by one."


def test_every_kind_of_change_is_counted_with_at_least_what_it_reaches(
    installation: Installation, target: LabServer
) -> None:
    """The count may be too high; too low it would let a rehearsal begin that holds the lock for long."""
    people, group = settled(installation, 20)
    for act in every_kind_of_change(installation, people, group):
        exact, bound = rehearse(act), rehearse(act, limit=-1)
        named = {each.local_id for reach in exact.reaches for names in reach.names.values() for each in names}
        named -= {group.id, *Group.objects.values_list("id", flat=True)}
        assert bound.totals.reached >= len({one for one in named if one in {each.id for each in people}})


def test_groups_of_very_many_are_counted_where_policies_bring_them(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the people of one group, through the policies of another and of those around it."""
    people, group = settled(installation, 6, push=False)
    outer = installation.group("Outer")
    nest(outer.id, group.id, actor=SYSTEM)
    installation.policy(outer, push_group=False)
    inner = installation.group("Inner", *people[:2])
    assert crowded([inner.id], [group.id]) is None
    monkeypatch.setattr(rehearsal_count, "CROWD", 1)
    found = crowded([inner.id], [group.id])
    assert found is not None
    assert counted(found) == {"reached": 2}
    assert crowded([installation.group("Nobody").id], [group.id]) is None


def test_a_rehearsal_asks_no_more_for_many_people_than_for_few(
    installation: Installation, target: LabServer
) -> None:
    """The number of queries grows with the applications alone."""
    people, group = settled(installation, 130)
    others = [
        create_application(name=f"Other {number}", base_url=target.base_url, actor=ACTOR)
        for number in range(4)
    ]
    for other in others:
        create_policy(name=other.name, application=other, group=group, push_group=False, actor=ACTOR)
    installation.fold()

    def asked(act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as captured:
            rehearse(act)
        return len(captured)

    for few, many in ((1, 6), (10, 40)):
        one = asked(lambda: remove_members(group.id, [each.id for each in people[:few]], actor=SYSTEM))  # noqa: B023 - called at once
        more = asked(lambda: remove_members(group.id, [each.id for each in people[:many]], actor=SYSTEM))  # noqa: B023 - called at once
        assert more <= one + 8, (few, many)
        assert more <= 60 + 15 * (len(others) + 1)
