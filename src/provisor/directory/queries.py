"""Reading the directory: finding users and groups, effective memberships, and why somebody is in a group."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from provisor.directory import names
from provisor.directory.models import Closure, Group, Membership, Nesting, User
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.values import shown


def users() -> QuerySet[User]:
    """Every user that is not deleted."""
    return User.objects.filter(deleted_at__isnull=True)


def groups() -> QuerySet[Group]:
    """Every group that is not deleted."""
    return Group.objects.filter(deleted_at__isnull=True)


def as_id(text: object) -> UUID | None:
    """Return the id that a text spells, or None."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(str(text))
    except ValueError:
        return None


def get_user(user_id: object) -> User:
    """Return the user with this id. Raises `DirectoryRefusal` (missing)."""
    wanted = as_id(user_id)
    found = None if wanted is None else users().filter(id=wanted).first()
    if found is None:
        raise _missing("user", user_id)
    return found


def get_group(group_id: object) -> Group:
    """Return the group with this id. Raises `DirectoryRefusal` (missing)."""
    wanted = as_id(group_id)
    found = None if wanted is None else groups().filter(id=wanted).first()
    if found is None:
        raise _missing("group", group_id)
    return found


def find_user(text: str) -> User:
    """Return the user with this id or user name, in any case. Raises `DirectoryRefusal` (missing)."""
    key = _key(text)
    found = users().filter(user_name_key=key).first() if key else None
    return found or get_user(text)


def find_group(text: str) -> Group:
    """Return the group with this id or name, in any case. Raises `DirectoryRefusal` (missing)."""
    key = _key(text)
    found = groups().filter(display_name_key=key).first() if key else None
    return found or get_group(text)


def _key(text: str) -> str:
    """Return the folded name, or nothing if no name can be so: PostgreSQL takes no NUL, and no half characters."""
    try:
        return names.fold(names.clean(text, "name"))
    except DirectoryRefusal:
        return ""


def effective_members(group_id: UUID) -> QuerySet[User]:
    """Return the users who are in the group or in any group inside it."""
    below = Closure.objects.filter(ancestor_id=group_id).values("descendant_id")
    return users().filter(id__in=Membership.objects.filter(group_id__in=below).values("user_id"))


def effective_groups(user_id: UUID) -> QuerySet[Group]:
    """Return the groups that the user is in, directly or through a group inside."""
    direct = Membership.objects.filter(user_id=user_id).values("group_id")
    return groups().filter(id__in=Closure.objects.filter(descendant_id__in=direct).values("ancestor_id"))


def path_of_groups(ancestor_id: UUID, descendant_id: UUID) -> tuple[Group, ...]:
    """Return the groups on one shortest way down from the one to the other, both included; empty if there is none."""
    above = Closure.objects.filter(descendant_id=descendant_id).values("ancestor_id")
    found: dict[UUID, UUID | None] = {ancestor_id: None}
    level = [ancestor_id]
    while level and descendant_id not in found:
        edges = Nesting.objects.filter(parent_id__in=level, child_id__in=above).order_by("id")
        level = []
        for parent, child in edges.values_list("parent_id", "child_id"):
            if child not in found:
                found[child] = parent
                level.append(child)
    return _walked_back(found, descendant_id)


def _walked_back(came_from: dict[UUID, UUID | None], end: UUID) -> tuple[Group, ...]:
    ids: list[UUID] = []
    step: UUID | None = end if end in came_from else None
    while step is not None:
        ids.append(step)
        step = came_from[step]
    found = Group.objects.in_bulk(ids)
    return tuple(found[one] for one in reversed(ids))


def explain_membership(user_id: UUID, group_id: UUID) -> tuple[tuple[str, ...], ...]:
    """Say why a user is in a group: for each group that holds the user directly, the names on the way down to it.

    `(("Sales",), ("Sales", "Sales Berlin"))`: directly, and through "Sales Berlin". Empty: the user is not in it.
    """
    below = Closure.objects.filter(ancestor_id=group_id).values("descendant_id")
    direct = Membership.objects.filter(user_id=user_id, group_id__in=below).order_by("id")
    paths = [path_of_groups(group_id, one) for one in direct.values_list("group_id", flat=True)]
    return tuple(sorted((tuple(group.display_name for group in path) for path in paths), key=len))


def named(quoted: Iterable[str], most: int = 3) -> str:
    """Return names for a message: `"a", "b", "c" and 7 more`."""
    values = list(quoted)
    text = ", ".join(shown(value) for value in values[:most])
    return f"{text} and {len(values) - most:,} more" if len(values) > most else text


def _missing(noun: str, text: object) -> DirectoryRefusal:
    reason = f"There is no {noun} {shown(text)} in the directory, or it was deleted. Look it up in the list of {noun}s."
    return DirectoryRefusal("id", reason, RefusalKind.MISSING)
