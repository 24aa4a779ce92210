"""What the editor says of the attributes that the application lists: how many, since when, and what is not among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from provisor.applications.schemas import KnownSchema
from provisor.scim.announced_schema import AnnouncedResource

#: What had it read, by the word that is stored with it.
_ORIGINS: Final[Mapping[str, Promise]] = {
    "Test connection": gettext_lazy("by Test connection"),
    "Pass": gettext_lazy("by the first pass"),
    "Mapping": gettext_lazy("by somebody on this page"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read, in words."""

    at: datetime
    origin: Promise | str
    counts: tuple[str, ...]
    #: Sentences on what is not known.
    lacking: tuple[str, ...]


def in_words(known: KnownSchema | None) -> Known | None:
    """The numbers of what was read."""
    if known is None:
        return None
    users, groups = known.schema.users, known.schema.groups
    lacking = []
    if users is None:
        lacking.append(_("It lists none of users: those of RFC 7643 are offered."))
    if groups is None:
        lacking.append(_("It lists none of groups: those of RFC 7643 are offered."))
    left_out = sum(each.left_out for each in (users, groups) if each)
    if left_out:
        lacking.append(
            ngettext(
                "%(n)s more was left out: that is too long a list.",
                "%(n)s more were left out: that is too long a list.",
                left_out,
            )
            % {"n": f"{left_out:,}"}
        )
    counts = (
        *_count(users, _("%(n)s of users")),
        *_count(groups, _("%(n)s of groups")),
    )
    return Known(at=known.at, origin=_ORIGINS.get(known.origin, ""), counts=counts, lacking=tuple(lacking))


def _count(resource: AnnouncedResource | None, words: str) -> tuple[str, ...]:
    return (words % {"n": f"{len(resource.attributes):,}"},) if resource else ()
