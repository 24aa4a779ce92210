"""What takes a protection away is for owners: a higher brake, another base URL (R10, R17)."""

from typing import Any

import pytest

from provisor.applications.applications import create_application, update_application
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import SYSTEM, Actor, ActorKind

ADMINISTRATOR = Actor(kind=ActorKind.ACCOUNT, id="1", label="bo@example.com")


def _made(**fields: Any) -> Any:
    return create_application(
        actor=SYSTEM, name="Acme", base_url="https://acme.example.com/scim/v2", **fields
    )


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"brake": {"count": 6}}, "/brake/count"),
        ({"brake": {"percent": 5.5}}, "/brake/percent"),
        ({"brake": {"count": 1, "percent": 100}}, "/brake/percent"),
        ({"base_url": "https://mine.example.net/scim"}, "/base_url"),
    ],
)
def test_r10_a_brake_is_not_raised_and_an_address_not_changed_without_permission(
    db: None, changes: dict[str, Any], place: str
):
    """Nothing is written, and the refusal says at which place and whom to ask."""
    made = _made()
    with pytest.raises(ConfigurationRefusal) as caught:
        update_application(made.pk, {"name": "Other", **changes}, actor=ADMINISTRATOR)
    assert caught.value.kind == "reserved"
    assert [problem.place for problem in caught.value.problems] == [place]
    made.refresh_from_db()
    assert made.name == "Acme"
    update_application(made.pk, changes, actor=ADMINISTRATOR, may_loosen=True)


def test_r10_a_brake_is_lowered_and_kept_by_whoever_configures(db: None):
    """Taking less risk needs nobody's leave; a raised one that is saved as it is stays."""
    made = _made(brake={"count": 50})
    update_application(made.pk, {"brake": {"count": 50}, "name": "Other"}, actor=ADMINISTRATOR)
    lowered = update_application(made.pk, {"brake": {"count": 2, "percent": 1}}, actor=ADMINISTRATOR)
    assert lowered.name == "Other"
    assert lowered.brake == {"count": 2, "percent": 1}


def test_r10_a_new_application_starts_with_no_looser_brake_than_usual(db: None):
    """Else one would be deleted and added again."""
    with pytest.raises(ConfigurationRefusal, match="let more through"):
        create_application(
            actor=ADMINISTRATOR, name="A", base_url="https://a.example.com", brake={"count": 999}
        )
