"""Names of whatever an id belongs to, with the page that shows it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Value

from provisor.applications.models import Application, Policy
from provisor.directory.models import Group, User


def names_of(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Map each id to (page, name), in one query. The page is "" for what is deleted; unknown ids are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = _rows(User.objects.all(), wanted, "user_name", "user").union(
        _rows(Group.objects.all(), wanted, "display_name", "group"),
        _rows(Application.objects.all(), wanted, "name", "application"),
        _rows(Policy.objects.all(), wanted, "name", "policy", leaves_tombstones=False),
        all=True,
    )
    return {key: ("" if gone else page, name) for key, name, page, gone in rows}


def _rows(
    found: "QuerySet[Any]", wanted: set[UUID], column: str, page: str, *, leaves_tombstones: bool = True
) -> "QuerySet[Any, tuple[UUID, str, str, bool]]":
    gone = Q(deleted_at__isnull=False) if leaves_tombstones else Q(pk__isnull=True)
    marked = found.filter(pk__in=wanted).annotate(
        label=F(column), page=Value(page), gone=ExpressionWrapper(gone, output_field=BooleanField())
    )
    rows: QuerySet[Any, tuple[UUID, str, str, bool]] = marked.values_list("pk", "label", "page", "gone")
    return rows
