"""The list of users: filters, pages, and the same as CSV."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.applications.lookup import live_applications
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.console.shell.attention import FOR_A_PERSON
from provisor.console.users.acts import ACTS
from provisor.console.users.filters import filtered, read_filter, shown
from provisor.directory.models import Membership, User
from provisor.directory.queries import users
from provisor.provisioning.models import Kind, Link
from provisor.scim.schemas import ENTERPRISE_SCHEMA

#: Rows that an export reads at a time.
_CHUNK = 2_000
#: The document is not shown in a list, and is most of a row.
_COLUMNS = ("id", "user_name", "user_name_key", "display_name", "email", "active")


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user of the list, with how many groups (Everyone left out) and accounts."""

    user: User
    groups: int
    accounts: int
    #: The state of accounts that needs a person, if one does, and of how many.
    trouble: str
    troubled: int


@require_safe
@requires(Permission.READ)
def user_list(request: HttpRequest) -> HttpResponseBase:
    """Filter, search, page; `?format=csv` is the whole filtered list as a file."""
    asked = read_filter(request.GET)
    found = filtered(asked)
    if request.GET.get("format") == "csv":
        return csv_answer(request, "users", _HEADER, _exported(found))
    few = shown(asked) if asked.given else found
    page = page_of(few.only(*_COLUMNS), request, "user_name_key", "id")
    context = {
        "page": page,
        "rows": rows_of(page.rows),
        "asked": asked,
        "applications": known(live_applications(), "pk").order_by("name_key"),
        "states": Link.State.values,
        "acts": ACTS,
        "none_at_all": not page.rows and not asked.given and not users().exists(),
    }
    return render(request, "console/users/users.html", context)


def rows_of(page: Sequence[User]) -> list[UserRow]:
    """Count groups and accounts, of these users only."""
    ids = [user.id for user in page]
    groups = _groups(ids)
    links: dict[UUID, Counter[str]] = {}
    found = known(Link.objects.filter(kind=Kind.USER, local_id__in=ids, in_scope=True))
    for local_id, state in found.values_list("local_id", "state"):
        links.setdefault(local_id, Counter())[state] += 1
    return [_row(user, groups.get(user.id, 0), links.get(user.id, Counter())) for user in page]


def _groups(ids: Sequence[UUID]) -> dict[UUID, int]:
    direct = Membership.objects.filter(user_id__in=ids, group__is_everyone=False)
    return dict(direct.values_list("user_id").annotate(count=Count("id")).order_by())


def _row(user: User, groups: int, states: Counter[str]) -> UserRow:
    trouble = next((state for state in FOR_A_PERSON if states[state]), "")
    return UserRow(user, groups, sum(states.values()), trouble, states[trouble] if trouble else 0)


#: Named as the import names them, so that the file can come back.
_HEADER = (
    "userName",
    "displayName",
    "email",
    "active",
    "givenName",
    "familyName",
    "title",
    "department",
    "employeeNumber",
    "externalId",
)


def _exported(found: QuerySet[User]) -> Iterator[Sequence[Any]]:
    """Read in runs by key: no cursor stays open while a slow reader takes the file."""
    last = ""
    while run := list(found.filter(user_name_key__gt=last).order_by("user_name_key")[:_CHUNK]):
        yield from (_line(user) for user in run)
        last = run[-1].user_name_key


def _line(user: User) -> Sequence[Any]:
    name, enterprise = user.resource.get("name", {}), user.resource.get(ENTERPRISE_SCHEMA, {})
    return (
        user.user_name,
        user.display_name,
        user.email,
        "true" if user.active else "false",
        name.get("givenName", ""),
        name.get("familyName", ""),
        user.resource.get("title", ""),
        enterprise.get("department", ""),
        enterprise.get("employeeNumber", ""),
        user.external_id,
    )
