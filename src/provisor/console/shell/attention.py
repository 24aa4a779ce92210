"""How much needs the person who looks: shown on every page, so it is one query on an index."""

from typing import Any, Final

from django.db.models import Count, QuerySet, Value

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.access.principals import Principal
from provisor.applications.models import Application
from provisor.provisioning.models import Finding, Link

#: States of links that only a person mends, and what it takes to.
_TAKES: Final = {
    Link.State.HELD: Permission.RELEASE_HOLDS,
    Link.State.CONFLICT: Permission.MANAGE_APPLICATIONS,
    Link.State.FAILED: Permission.PROVISION,
}
FOR_A_PERSON: Final = tuple(_TAKES)


def concerning(viewer: Principal) -> tuple[list[str], bool]:
    """The states of links that whoever looks can mend, and whether they can decide about findings of scans."""
    states = [str(state) for state, permission in _TAKES.items() if viewer.may(permission)]
    return states, viewer.may(Permission.PROVISION)


def count(viewer: Principal) -> int:
    """How many links are in a state, and how many findings of scans are open, that whoever looks can do something about."""
    states, scans = concerning(viewer)
    # Named applications let the database use the index on (application, state).
    live = known(Application.objects.filter(deleted_at=None), "pk")
    counted = [_counted(Link.objects.filter(application__in=live, state__in=states))] if states else []
    if scans:
        counted.append(_counted(Finding.objects.filter(application__in=live, state=Finding.State.OPEN)))
    return sum(counted[0].union(*counted[1:], all=True)) if counted else 0


def _counted(rows: "QuerySet[Any]") -> "QuerySet[Any, int]":
    """Their number as a query of one row, or of none."""
    one = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk"))
    counted: QuerySet[Any, int] = one.values_list("n", flat=True)
    return counted
