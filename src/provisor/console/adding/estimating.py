"""How much is due, counted and not planned: planning all of it would keep other writers waiting."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q

from provisor.applications.models import Application
from provisor.planning.operation import Act
from provisor.provisioning.models import Kind, Link, LinkMember

#: Due links up to which the plan is made while the person waits.
MANY: Final = 2_000
#: In the order in which `counted` asks for them.
_ACTS: Final = (Act.CREATE, Act.UPDATE, Act.DEACTIVATE)


@dataclass(frozen=True, slots=True)
class Counted:
    """At most so many of one act, for users or groups."""

    act: Act
    kind: str
    count: int


def due_of(application: Application) -> int:
    """How many users and groups a pass would look at."""
    return Link.objects.filter(application=application, state=Link.State.DUE).count()


def counted(application: Application) -> list[Counted]:
    """What the state of each due link leads one to expect; some of it will turn out to be in step already."""
    due = Link.objects.filter(application=application, state=Link.State.DUE)
    known = Q(remote_id__isnull=False)
    rows = due.values_list("kind").annotate(
        create=Count("id", filter=Q(in_scope=True) & ~known),
        update=Count("id", filter=Q(in_scope=True) & known),
        deactivate=Count("id", filter=Q(in_scope=False) & known),
    )
    found = [
        Counted(act, kind, count) for kind, *counts in rows for act, count in zip(_ACTS, counts, strict=True)
    ]
    members = LinkMember.objects.filter(link__application=application, due=True)
    added = Counted(Act.ADD_MEMBERS, Kind.USER.value, members.filter(wanted=True).count())
    removed = Counted(Act.REMOVE_MEMBERS, Kind.USER.value, members.filter(wanted=False).count())
    return [each for each in (*found, added, removed) if each.count]
