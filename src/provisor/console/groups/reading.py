"""What the pages of groups show, read in few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from provisor.access.narrowing import known
from provisor.applications.lookup import live_policies
from provisor.applications.models import Policy
from provisor.console.groups.counting import Size, sizes
from provisor.console.users.filters import beginning_with
from provisor.directory.models import Closure, Group, Membership, Nesting, User
from provisor.directory.names import fold
from provisor.directory.queries import groups, users

#: Up to so many members a group's list is read from the memberships and sorted; a larger group's from the index of
#: user names, testing each: both show the first page without reading the whole crowd.
_SORTED = 5000
#: Up to so many users that fit a search are read by their ids and sorted.
_FEW = 200
_LONGEST_SEARCH = 100
#: Names of groups that a row shows; the others are on the user's page.
_WAYS = 3


def searched(request: HttpRequest, name: str = "q") -> str:
    """Return what is searched for, without what no name can hold."""
    return request.GET.get(name, "").replace("\0", "").strip()[:_LONGEST_SEARCH]


def found_groups(text: str) -> QuerySet[Group]:
    """Return the groups whose name holds the text, in any case."""
    return groups().filter(display_name_key__contains=fold(text)) if text else groups()


def found_users(text: str) -> QuerySet[User]:
    """Return the users whose user name, display name or e-mail address begins with the text."""
    return _narrowed(beginning_with(text)) if text else users()


def _narrowed(wanted: Q) -> QuerySet[User]:
    """Return the users that fit, by their ids when they are few: in the order of the list everybody would be read.

    Of many, a page is full long before everybody was looked at.
    """
    # Deleted ones are left out below: asked for here, they would lead SQLite to the index of the list after all.
    ids = list(User.objects.filter(wanted).values_list("id", flat=True)[: _FEW + 1])
    return users().filter(wanted) if len(ids) > _FEW else users().filter(id__in=ids)


def group_or_404(group_id: UUID) -> Group:
    """Return the group. Raises `Http404` if there is none, or it was deleted."""
    found = groups().filter(id=group_id).first()
    if found is None:
        raise Http404
    return found


def size_of(group: Group) -> Size:
    """Count the members of one group."""
    return sizes([group.id])[group.id]


def below(group: Group) -> QuerySet[Closure, UUID]:
    """Return the ids of the group and all groups inside it."""
    return Closure.objects.filter(ancestor_id=group.id).values_list("descendant_id", flat=True)


def above(group: Group) -> QuerySet[Closure, UUID]:
    """Return the ids of the group and all groups around it."""
    return Closure.objects.filter(descendant_id=group.id).values_list("ancestor_id", flat=True)


def members(group: Group, size: Size, text: str, *, effective: bool) -> QuerySet[User]:
    """Return the users in the group that fit the search: direct ones, or with `effective` those of groups inside too."""
    if group.is_everyone:
        return found_users(text)
    held = Membership.objects.filter(group_id__in=below(group)) if effective else group.memberships.all()
    if (size.effective if effective else size.direct) <= _SORTED:
        found = users().filter(id__in=held.values("user_id"))
        return found.filter(beginning_with(text)) if text else found
    is_in = Q(Exists(held.filter(user_id=OuterRef("pk"))))
    return _narrowed(beginning_with(text) & is_in) if text else users().filter(is_in)


def strangers(group: Group, text: str) -> QuerySet[User]:
    """Return the users who are not directly in the group and fit the search."""
    is_out = ~Q(Exists(group.memberships.filter(user_id=OuterRef("pk"))))
    return _narrowed(beginning_with(text) & is_out) if text else users().filter(is_out)


@dataclass(frozen=True, slots=True)
class Row:
    """A user on the page of a group. `ways` are groups inside it through which the user belongs to it too."""

    user: User
    direct: bool
    ways: tuple[Group, ...]

    @property
    def is_in(self) -> bool:
        return self.direct or bool(self.ways)


def rows(group: Group, shown: Sequence[User]) -> list[Row]:
    """Say of each user of the page how they are in the group."""
    holders: defaultdict[UUID, list[Group]] = defaultdict(list)
    held = Membership.objects.filter(group_id__in=below(group), user_id__in=[one.id for one in shown])
    for each in held.select_related("group").order_by("group__display_name_key"):
        holders[each.user_id].append(each.group)
    return [_row(group, one, holders[one.id]) for one in shown]


def _row(group: Group, user: User, holders: Sequence[Group]) -> Row:
    ways = tuple(one for one in holders if one.id != group.id)
    return Row(user, any(one.id == group.id for one in holders), ways[:_WAYS])


def directly_in(group: Group, user_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these users who are directly in the group."""
    return list(group.memberships.filter(user_id__in=user_ids).values_list("user_id", flat=True))


def inside(group: Group) -> QuerySet[Group]:
    """Return the groups directly inside the group."""
    return groups().filter(id__in=Nesting.objects.filter(parent=group).values("child_id"))


def around(group: Group) -> QuerySet[Group]:
    """Return the groups that hold the group directly."""
    return groups().filter(id__in=Nesting.objects.filter(child=group).values("parent_id"))


def policies_of(group: Group) -> list[Policy]:
    """Return the policies that the users of the group come under, its own first, then of groups around it."""
    found = known(live_policies()).filter(group_id__in=above(group)).select_related("application", "group")
    return sorted(found.order_by("name", "id"), key=lambda each: each.group_id != group.id)
