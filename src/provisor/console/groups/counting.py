"""How large groups are and what they reach, for the few groups that one page shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db.models import Count, QuerySet

from provisor.access.narrowing import known
from provisor.applications.lookup import live_policies
from provisor.directory.models import Closure, Membership, Nesting


@dataclass(frozen=True, slots=True)
class Size:
    """Users directly in a group, users in it at any depth, groups directly inside it."""

    direct: int = 0
    effective: int = 0
    inside: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """Policies that bring a group's users somewhere, through the group itself or one around it, and where to."""

    policies: int = 0
    applications: tuple[str, ...] = ()

    @classmethod
    def by(cls, applications: Iterable[str]) -> Self:
        """Sum up what policies grant: the application's name of each."""
        names = list(applications)
        return cls(len(names), tuple(sorted(set(names), key=str.casefold)))


def sizes(group_ids: Collection[UUID]) -> dict[UUID, Size]:
    """Count the members of these groups, in three queries whatever their number."""
    direct = _counts(Membership.objects.filter(group_id__in=group_ids).values_list("group_id"))
    inside = _counts(Nesting.objects.filter(parent_id__in=group_ids).values_list("parent_id"))
    # Counting people once over many groups is dear, and only needed where there are groups inside.
    nested = Closure.objects.filter(ancestor_id__in=list(inside)).values_list("ancestor_id")
    effective = dict(
        nested.annotate(count=Count("descendant__memberships__user_id", distinct=True)).order_by()
    )
    return {
        one: Size(direct.get(one, 0), effective.get(one, direct.get(one, 0)), inside.get(one, 0))
        for one in group_ids
    }


def _counts(rows: "QuerySet[Any, Any]") -> dict[UUID, int]:
    return dict(rows.annotate(count=Count("id")).order_by())


def reached(group_ids: Collection[UUID]) -> dict[UUID, Reached]:
    """Say which applications the users of these groups have through policies, in two queries."""
    around: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for below, above in Closure.objects.filter(descendant_id__in=group_ids).values_list(
        "descendant_id", "ancestor_id"
    ):
        around[below].add(above)
    grants: defaultdict[UUID, list[str]] = defaultdict(list)
    policies = known(live_policies()).filter(group_id__in={one for some in around.values() for one in some})
    for group, application in policies.values_list("group_id", "application__name"):
        grants[group].append(application)
    return {one: Reached.by(name for above in around[one] for name in grants[above]) for one in group_ids}
