"""What a rehearsal says: which applications, how many, and where nothing is sent now."""

from provisor.applications.applications import create_application, pause
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members
from provisor.directory.users import set_active
from provisor.provisioning.models import Link
from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence
from tests.provisioning.installation import ACTOR, Installation
from tests.provisioning.rehearsing import counted, settled
from tests.provisioning.vices import (
    crowd,
    good_again,  # noqa: F401 - a fixture
)
from tests.servers import LabServer


def test_mappings_that_cannot_be_used_are_said_of_one_and_of_several(
    installation: Installation, target: LabServer
) -> None:
    """As many as there are."""
    people = crowd(2)
    group = installation.group("Sales", *people)
    broken = {"users": [{"target": "nonsense", "constant": 1}]}
    installation.policy(group)
    Application.objects.update(mappings=broken)

    def act() -> None:
        set_active(people[0].id, False, actor=SYSTEM)

    assert "sends nothing to Target because its mapping cannot be used" in _lower(sentence(rehearse(act)))
    second = create_application(name="Second", base_url=target.base_url, actor=ACTOR)
    create_policy(name="second", application=second, group=group, actor=ACTOR)
    Application.objects.update(mappings=broken)
    said = _lower(sentence(rehearse(act)))
    assert "sends nothing to Second and Target because their mappings cannot be used" in said


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def test_several_applications_are_named_with_their_numbers(
    installation: Installation, target: LabServer
) -> None:
    """The largest number first; the sentence says where nothing is sent now."""
    people, _ = settled(installation)
    second = create_application(name="Second", base_url=target.base_url, actor=ACTOR)
    some = installation.group("Some", people[0], people[1])
    create_policy(name="second", application=second, group=some, push_group=False, actor=ACTOR)
    pause(second.id, actor=ACTOR)

    def act() -> None:
        for each in people[:3]:
            set_active(each.id, False, actor=SYSTEM)
        add_members(some.id, [people[5].id, people[6].id], actor=SYSTEM)

    rehearsal = rehearse(act)
    assert [(reach.name, reach.paused, reach.mode) for reach in rehearsal.reaches] == [
        ("Second", True, "enforce"),
        ("Target", False, "enforce"),
    ]
    assert sentence(rehearsal) == (
        "Deactivates 3 accounts in Target; creates 2 accounts in Second; sends it to Second once resumed."
    )


def test_a_change_that_reaches_no_application_says_so(installation: Installation, target: LabServer) -> None:
    """A person whom no policy brings anywhere."""
    rehearsal = rehearse(lambda: installation.user("alice"))
    assert (rehearsal.reaches, counted(rehearsal)) == ((), {})
    assert sentence(rehearsal) == "Reaches no application."
    assert Link.objects.count() == 0
