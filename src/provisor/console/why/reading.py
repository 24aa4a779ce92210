"""What the page reads beside the chain: since when there was an account, and where one person has any."""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.applications.models import Application
from provisor.directory.models import User
from provisor.provisioning.models import AccessInterval, Kind, Link

#: Times of access that are shown, the newest first.
INTERVALS = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """One application, and the state of the person's account there; "" where Provisor knows of none."""

    application: Application
    state: str


def intervals(user: User, application: Application) -> list[AccessInterval]:
    """From when to when an account was live, the newest first."""
    found = AccessInterval.objects.filter(application=application, user_id=user.id)
    return list(found.order_by("-from_at")[:INTERVALS])


def standings(user: User, applications: Sequence[Application]) -> list[Standing]:
    """Every application with the person's state there; one query."""
    links = Link.objects.filter(kind=Kind.USER, local_id=user.id).values_list("application_id", "state")
    states = dict(links)
    return [Standing(one, states.get(one.id, "")) for one in applications]
