"""How much needs a person: shown on every page, so it is one query on an index."""

from typing import Any

from django.db.models import Count, QuerySet, Value

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.provisioning.models import Finding, Link

#: States of links that only a person mends.
FOR_A_PERSON = (Link.State.HELD, Link.State.CONFLICT, Link.State.FAILED)


def count() -> int:
    """How many links are held, in conflict or failed, and how many findings of scans are not decided about."""
    # Named applications let the database use the index on (application, state).
    live = known(Application.objects.filter(deleted_at=None), "pk")
    links = Link.objects.filter(application__in=live, state__in=FOR_A_PERSON)
    found = Finding.objects.filter(application__in=live, state=Finding.State.OPEN)
    return sum(_counted(links).union(_counted(found), all=True))


def _counted(rows: "QuerySet[Any]") -> "QuerySet[Any, int]":
    """Their number as a query of one row, or of none."""
    one = rows.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk"))
    counted: QuerySet[Any, int] = one.values_list("n", flat=True)
    return counted
