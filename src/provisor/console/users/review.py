"""An act on chosen users before it is done: who is meant, and what it would do in the applications."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.access.narrowing import known
from provisor.applications.lookup import live_applications
from provisor.console.guard import actor_of
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.console.users.acts import BY_NAME, DELETE, Act, perform
from provisor.console.users.filters import filtered, read_filter, shown
from provisor.directory import names
from provisor.directory.models import Group, User
from provisor.directory.queries import as_id, groups, users
from provisor.directory.statements import batches
from provisor.provisioning.models import Kind, Link
from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence

#: Users whose act is done within the answer; for more it is a work.
AT_ONCE: Final = 300
#: Names that are said.
NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was asked for, whom it changes, and what follows. `refusal` says why it cannot be done."""

    act: Act
    #: The name of the group as it was typed.
    group_name: str = ""
    group: Group | None = None
    #: How many users it changes.
    count: int = 0
    #: Who they are, where they were chosen one by one.
    listed: Sequence[UUID] = ()
    #: Users who were chosen.
    chosen: int = 0
    named: Sequence[str] = ()
    #: "" until it was worked out.
    reach: str = ""
    refusal: str = ""
    #: The filter, when all that match were chosen.
    everyone: bool = False
    filter: str = ""

    @property
    def button(self) -> str:
        """What the button says."""
        return self.act.button(self.count)

    @property
    def is_large(self) -> bool:
        """Whether it is done as a work."""
        return self.count > AT_ONCE

    @property
    def is_final(self) -> bool:
        """Whether it cannot be undone."""
        return self.act is DELETE

    @property
    def passed_over(self) -> str:
        """Say how many of the chosen it changes nothing for."""
        count = self.chosen - self.count
        if count <= 0:
            return ""
        return ngettext(
            "%(count)s of the chosen users is so already.", "%(count)s of the chosen users are so already.", count
        ) % {"count": f"{count:,}"}  # fmt: skip

    @property
    def people(self) -> QuerySet[User]:
        """Whom it changes, of all that match the filter."""
        return filtered(read_filter(QueryDict(self.filter))).filter(self.act.whom(self.group))

    @property
    def ids(self) -> Sequence[UUID]:
        """Whom it changes, all of them."""
        if not self.everyone:
            return self.listed
        return list(self.people.order_by("user_name_key").values_list("id", flat=True))

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.named)


def review(data: QueryDict) -> Review | None:
    """Read `action`, `group`, and `user` ids or `all` with `filter`; None without an act. What it reaches follows by `with_reach`."""
    act = BY_NAME.get(data.get("action", ""))
    if act is None:
        return None
    group_name = data.get("to_group", "").replace("\0", "").strip() if act.needs_group else ""
    everyone, query = data.get("all") == "yes", data.get("filter", "")
    group = groups().filter(display_name_key=names.fold(group_name)).first() if group_name else None
    asked = Review(
        act=act, group_name=group_name, group=group, everyone=everyone, filter=query if everyone else ""
    )
    if act.needs_group and group is None:
        return replace(
            asked, refusal=_no_group(group_name) if group_name else _("Type the name of the group.")
        )
    found = _of_all(asked) if everyone else _of_some(asked, _listed(data))
    return found if found.count else replace(found, refusal=_nobody(found))


def _of_some(asked: Review, ids: Sequence[UUID]) -> Review:
    fitting = asked.act.fits(ids, asked.group)
    named = users().filter(id__in=fitting[:NAMED]).order_by("user_name_key")
    return replace(asked, listed=fitting, count=len(fitting), chosen=len(ids), named=_names(named))


def _of_all(asked: Review) -> Review:
    """Count everybody who matches, whatever their number, and name the first."""
    wanted, filter_ = asked.act.whom(asked.group), read_filter(QueryDict(asked.filter))
    counts = filtered(filter_).aggregate(chosen=Count("pk"), fitting=Count("pk", filter=wanted))
    named = shown(filter_).filter(wanted).order_by("user_name_key")[:NAMED]
    return replace(asked, count=counts["fitting"], chosen=counts["chosen"], named=_names(named))


def _no_group(name: str) -> str:
    return _("There is no group named “%(name)s”. Choose one of the list, or create it first.") % {
        "name": name
    }


def _listed(data: QueryDict) -> list[UUID]:
    return list(dict.fromkeys(one for text in data.getlist("user") if (one := as_id(text)) is not None))


def _names(found: QuerySet[User]) -> list[str]:
    return [one.display_name or one.user_name for one in found]


def with_reach(request: HttpRequest, found: Review) -> Review:
    """Work out what it would do: rehearsed, or counted where many are chosen. It takes a while."""
    if found.refusal:
        return found
    if found.is_large or found.count > found.act.rehearsed:
        return replace(found, reach=_counted(found))
    actor, ids = actor_of(request), found.ids
    try:
        told = sentence(rehearse(lambda: perform(found.act, ids, found.group, actor=actor), detail=0))
    except REFUSALS as refusal:
        return replace(found, refusal=sentence_of(refusal))
    return replace(found, reach=told)


def _nobody(found: Review) -> str:
    if not found.chosen:
        return _("Nobody is chosen.")
    return ngettext(
        "This changes nothing: the chosen user is so already.",
        "This changes nothing: all %(count)s chosen users are so already.",
        found.chosen,
    ) % {"count": f"{found.chosen:,}"}


def _counted(found: Review) -> str:
    """For many: how many accounts they have; what is done with them the applications' rules say."""
    counts: Counter[UUID] = Counter()
    chosen: Iterable[Any] = [found.people.values("id")] if found.everyone else batches(found.listed)
    for some in chosen:
        links = known(Link.objects.filter(kind=Kind.USER, local_id__in=some, in_scope=True))
        counts.update(dict(links.values_list("application_id").annotate(count=Count("id")).order_by()))
    if not counts:
        return _("None of them has an account in an application.")
    named = live_applications().in_bulk(list(counts))
    parts = ", ".join(
        f"{count:,} in {named[one].name}" for one, count in counts.most_common() if one in named
    )
    return _(
        "They have accounts: %(accounts)s. What is done with them is up to each application's table of causes, and "
        "its brake holds back mass removals."
    ) % {"accounts": parts}
