"""Which users a list shows: the filter of its address, and the query that it means."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from provisor.access.narrowing import known
from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.directory import names
from provisor.directory.models import Closure, Group, Membership, User
from provisor.directory.queries import as_id, groups, users
from provisor.provisioning.models import Kind, Link

ACTIVE, INACTIVE = "active", "inactive"
#: Names of the parameters of an address that filter.
PARAMETERS = ("q", "status", "group", "application", "state")
_LONGEST = 255
#: So many ids go into one statement (SQLite takes 32,766 values).
_FEW = 4_000
#: More accounts than this are looked for user by user, in the order of the list.
_MANY = 40_000


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What was asked for. A group or an application that there is not finds nobody, and `unknown_group` says so."""

    text: str = ""
    status: str = ""
    group_name: str = ""
    group: Group | None = None
    application: Application | None = None
    state: str = ""
    #: The parameters as they came, for links.
    given: dict[str, str] = field(default_factory=dict)

    @property
    def unknown_group(self) -> bool:
        """Whether a group was named that is none."""
        return bool(self.group_name) and self.group is None

    @property
    def query(self) -> str:
        """The filter as the query of an address."""
        return urlencode(self.given)


def read_filter(data: QueryDict) -> UserFilter:
    """Read the filter of an address; what makes no sense is left out."""
    given = {
        name: value for name in PARAMETERS if (value := _printable(data.get(name, "").strip()[:_LONGEST]))
    }
    application_id = as_id(given.get("application", ""))
    application = (
        known(live_applications(), "pk").filter(id=application_id).first() if application_id else None
    )
    status, state = given.get("status", ""), given.get("state", "")
    name = given.get("group", "")
    return UserFilter(
        text=given.get("q", ""),
        status=status if status in {ACTIVE, INACTIVE} else "",
        group_name=name,
        group=groups().filter(display_name_key=names.fold(name)).first() if name else None,
        application=application,
        state=state if application is not None and state in Link.State.values else "",
        given=given,
    )


def _printable(text: str) -> str:
    """PostgreSQL takes no NUL, and no half characters."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def filtered(asked: UserFilter) -> QuerySet[User]:
    """Return the users that fit, in no order."""
    return users().filter(condition(asked))


def shown(asked: UserFilter) -> QuerySet[User]:
    """Return the users that fit, for one page of a list."""
    dense = asked.application is not None and _is_dense(_linked(asked))
    wanted, alone = condition(asked, probing=dense), not (asked.text or asked.status or asked.group)
    # Of so many, and nothing else asked for, a page is full after a few more than it shows.
    return users().filter(wanted) if dense and alone else narrowed(wanted)


def condition(asked: UserFilter, *, probing: bool = False) -> Q:
    """Return what the filter asks of a user. With `probing`, the accounts are looked for user by user."""
    if asked.unknown_group:
        return Q(pk__in=[])
    wanted = Q()
    if asked.text:
        wanted &= beginning_with(asked.text)
    if asked.status:
        wanted &= Q(active=asked.status == ACTIVE)
    if asked.group is not None and not asked.group.is_everyone:
        below = Closure.objects.filter(ancestor_id=asked.group.id).values("descendant_id")
        held = Membership.objects.filter(group_id__in=below)
        wanted &= Q(id__in=held.values("user_id"))
    if asked.application is not None and probing:
        wanted &= Q(Exists(_linked(asked).filter(local_id=OuterRef("pk"))))
    elif asked.application is not None:
        wanted &= Q(id__in=_linked(asked).values("local_id"))
    return wanted


def _linked(asked: UserFilter) -> QuerySet[Link]:
    """Return the accounts that the filter asks for."""
    links = Link.objects.filter(application=asked.application, kind=Kind.USER)
    return links.filter(state=asked.state) if asked.state else links


def _is_dense(links: QuerySet[Link]) -> bool:
    """Whether so many people have such an account that a list of their ids would take long to make and to sort."""
    return links.order_by()[: _MANY + 1].count() > _MANY


def narrowed(wanted: Q) -> QuerySet[User]:
    """Return the users that fit, found by their ids when they are few.

    Without an index for the condition a database would look at everybody in the order of the list, which is six
    times as slow as in the order of the table. Of many, a page is full long before everybody was looked at.
    """
    # Deleted ones are left out below: asked for here, they would lead SQLite to the index of the list after all.
    ids = list(User.objects.filter(wanted).values_list("id", flat=True)[: _FEW + 1])
    return users().filter(wanted) if len(ids) > _FEW else users().filter(id__in=ids)


def beginning_with(text: str) -> Q:
    """User name, display name or e-mail address begins with the text, whatever its case."""
    plain: dict[str, Any] = {"display_name__istartswith": text, "email__istartswith": text}
    sought = Q(user_name_key__startswith=names.fold(text))
    for name, value in plain.items():
        sought |= Q(**{name: value})
    return sought
