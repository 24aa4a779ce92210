"""What a journal entry of a group says, as a sentence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.console import words
from provisor.directory.models import JournalEntry

#: Names that a line shows of a crowd.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change: when, what, and by whom."""

    at: datetime
    said: str
    actor: str


def line_of(entry: JournalEntry) -> HistoryLine:
    """Put an entry into words; an event that has none keeps its name."""
    say = _SENTENCES.get(entry.event)
    return HistoryLine(entry.at, say(entry.detail) if say else words.event(entry.event), entry.actor)


def _added(detail: dict[str, Any]) -> str:
    count = int(detail.get("count", 0))
    said = ngettext("%(count)d user was added: %(names)s.", "%(count)d users were added: %(names)s.", count)
    return said % {"count": count, "names": _names(detail, count)}


def _removed(detail: dict[str, Any]) -> str:
    count = int(detail.get("count", 0))
    said = ngettext(
        "%(count)d user was removed: %(names)s.", "%(count)d users were removed: %(names)s.", count
    )
    return said % {"count": count, "names": _names(detail, count)}


def _names(detail: dict[str, Any], count: int) -> str:
    names = [str(one.get("userName", "")) for one in detail.get("members", [])][:_SHOWN]
    more = count - len(names)
    return ", ".join(names) + (_(" and %(count)d more") % {"count": more} if more > 0 else "")


def _nested(detail: dict[str, Any]) -> str:
    return _("The group “%(name)s” was put inside.") % {
        "name": detail.get("group", {}).get("displayName", "")
    }


def _unnested(detail: dict[str, Any]) -> str:
    return _("The group “%(name)s” was taken out.") % {"name": detail.get("group", {}).get("displayName", "")}


def _updated(detail: dict[str, Any]) -> str:
    former = detail.get("formerDisplayName")
    if former:
        return _("Renamed from “%(former)s” to “%(name)s”.") % {
            "former": former,
            "name": detail.get("displayName", ""),
        }
    return _("Changed: %(what)s.") % {"what": ", ".join(map(str, detail.get("attributes", [])))}


def _created(detail: dict[str, Any]) -> str:
    return _("Created as “%(name)s”.") % {"name": detail.get("displayName", "")}


_SENTENCES = {
    "group.created": _created,
    "group.updated": _updated,
    "group.members_added": _added,
    "group.members_removed": _removed,
    "group.nested": _nested,
    "group.unnested": _unnested,
}
