"""Names of the users and groups that links, attempts and holds are about, deleted ones included."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Value

from provisor.directory.models import Group, User
from provisor.directory.names import fold

#: More than any prefix of a name can be followed by.
_BEYOND = "\U0010ffff"
#: Up to so many users that are called so are found by their ids.
_FEW = 200


@dataclass(frozen=True, slots=True)
class Named:
    """A user or a group as a row calls it. `note` is what people know it by beside its name."""

    kind: str
    name: str
    note: str = ""
    deleted: bool = False


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, Named]:
    """Look the names up, in one query; who was erased has none."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    users = _rows(User.objects.filter(id__in=wanted), "user", F("user_name"), F("display_name"))
    groups = _rows(Group.objects.filter(id__in=wanted), "group", F("display_name"), Value(""))
    return {
        one: Named(kind, name, note, bool(deleted))
        for one, kind, name, note, deleted in users.union(groups, all=True)
    }


def _rows(found: QuerySet[Any], kind: str, name: F, note: F | Value) -> QuerySet[Any, tuple[Any, ...]]:
    deleted = ExpressionWrapper(Q(deleted_at__isnull=False), output_field=BooleanField())
    marked = found.annotate(kind=Value(kind), name=name, note=note, gone=deleted)
    rows: QuerySet[Any, tuple[Any, ...]] = marked.values_list("id", "kind", "name", "note", "gone")
    return rows


def typed(text: str, longest: int) -> str:
    """What somebody searches for, without what no database takes, and cut."""
    return text.replace("\x00", "").strip()[:longest]


def users_called(text: str) -> QuerySet[User]:
    """Users whose user name or address begins with the text; deleted ones by their address only, where few fit.

    They are found by one query for each index: with OR between them SQLite reads every user. Where many fit, reading
    the users finds enough of them soon.
    """
    key = fold(text)
    named = Q(user_name_key__gte=key, user_name_key__lt=key + _BEYOND)
    mailed = [Q(email__gte=one, email__lt=one + _BEYOND) for one in sorted({text, key})]
    found: set[UUID] = set()
    for wanted in (Q(deleted_at=None) & named, *mailed):
        found |= set(User.objects.filter(wanted).values_list("id", flat=True)[: _FEW + 1])
        if len(found) > _FEW:
            return User.objects.filter(reduce(or_, mailed, named))
    return User.objects.filter(id__in=found)


def groups_called(text: str) -> QuerySet[Group]:
    """Groups whose name contains the text."""
    return Group.objects.filter(display_name_key__contains=fold(text))
