"""What scans found in the applications and nobody has decided about yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db.models import Count, Min
from django.utils.translation import ngettext

from provisor.access.narrowing import known
from provisor.applications.models import Application
from provisor.provisioning.models import Finding


@dataclass(slots=True)
class Found:
    """The open findings of one application."""

    application: UUID
    whats: dict[str, int] = field(default_factory=dict)
    #: When the oldest was found, in Unix milliseconds.
    since: int | None = None

    @property
    def count(self) -> int:
        return sum(self.whats.values())

    @property
    def in_words(self) -> str:
        """How many of each kind."""
        said = [words(self.whats[what]) for what, words in _WORDS.items() if self.whats.get(what)]
        return ", ".join(said) + "."


def findings() -> list[Found]:
    """Open findings of the applications that the asker looks after; one query."""
    live = known(Application.objects.filter(deleted_at=None), "pk")
    rows = (
        Finding.objects.filter(application__in=live, state=Finding.State.OPEN)
        .values_list("application_id", "what")
        .annotate(count=Count("id"), since=Min("found_at"))
        .order_by("application_id", "what")
    )
    found: dict[UUID, Found] = {}
    for application, what, count, since in rows:
        one = found.setdefault(application, Found(application))
        one.whats[what] = count
        one.since = min(since, one.since or since)
    return list(found.values())


def _changed(n: int) -> str:
    return ngettext("%(n)d was changed there", "%(n)d were changed there", n) % {"n": n}


def _missing(n: int) -> str:
    return ngettext("%(n)d is not there any more", "%(n)d are not there any more", n) % {"n": n}


def _members(n: int) -> str:
    return ngettext("%(n)d group has other members", "%(n)d groups have other members", n) % {"n": n}


def _unknown(n: int) -> str:
    return ngettext("%(n)d is unknown here", "%(n)d are unknown here", n) % {"n": n}


_WORDS: Final[dict[str, Callable[[int], str]]] = {
    Finding.What.MISSING: _missing,
    Finding.What.CHANGED: _changed,
    Finding.What.MEMBERS: _members,
    Finding.What.UNKNOWN: _unknown,
}
