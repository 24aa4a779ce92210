"""The journal: changes of the directory and of the configuration, and what each of them led to."""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.console.applications.attempts import rows_of
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.home import reading
from provisor.console.keyset import page_of
from provisor.console.records.exporting import JOURNAL_HEADER, journal_lines
from provisor.console.records.filtering import JournalFilter, filtered_changes
from provisor.console.records.showing import text_of
from provisor.directory.models import JournalEntry
from provisor.directory.queries import as_id
from provisor.provisioning.models import Attempt
from provisor.provisioning.why.known_changes import known_changes

_LARGEST: Final = 2**63
#: Requests of one change that its page shows.
_CAUSED: Final = 50
#: Events whose requests can be found by the user or group that they are about.
_FOUND_BY: Final = ("user.", "group.")
#: Words of a detail that say again what the page says elsewhere.
_SAID: Final = frozenset({"userName", "displayName", "name"})


@require_safe
@requires(Permission.READ)
def journal(request: HttpRequest) -> HttpResponseBase:
    """Every change, the newest first, as far as the filter asks for it; `?export=csv` sends the same as a file."""
    form = JournalFilter(request.GET)
    found = filtered_changes(form)
    if not form.errors and request.GET.get("export") == "csv":
        return csv_answer(request, "journal", JOURNAL_HEADER, journal_lines(found))
    page = page_of(found, request, "-id")
    rows = [(change, _short(change.entry)) for change in reading.changes(page.rows)]
    context = {"form": form, "page": page, "rows": rows, "narrowed": form.narrowed()}
    return render(request, "console/records/journal.html", context)


def _short(entry: JournalEntry) -> str:
    """What a row says of the detail: names of the other side, or of the attributes."""
    detail = entry.detail
    members = [str(one.get("userName", "")) for one in detail.get("members") or [] if isinstance(one, dict)]
    if members:
        more = int(detail.get("count") or len(members)) - len(members[:3])
        return ", ".join(members[:3]) + (f" + {more:,}" if more > 0 else "")
    group = detail.get("group")
    if isinstance(group, dict):
        return str(group.get("displayName", ""))
    return text_of(detail.get("attributes") or detail.get("changed") or "")


@require_safe
@requires(Permission.READ)
def journal_entry(request: HttpRequest, entry_id: int) -> HttpResponseBase:
    """One change: its detail, and the requests that it led to."""
    found = known_changes(JournalEntry.objects.filter(pk=entry_id)).first() if entry_id < _LARGEST else None
    if found is None:
        raise Http404
    (change,) = reading.changes([found])
    traceable = found.event.startswith(_FOUND_BY)
    context = {
        "change": change,
        "detail": [
            (name, text_of(_plain(value))) for name, value in found.detail.items() if name not in _SAID
        ],
        "traceable": traceable,
        "caused": rows_of(_caused(found)) if traceable else [],
        "most": _CAUSED,
    }
    return render(request, "console/records/journal_entry.html", context)


def _plain(value: object) -> object:
    """Members and groups by their names; everything else as it is."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        named = value.get("userName") or value.get("displayName")
        return named or value
    return value


def _caused(entry: JournalEntry) -> list[Attempt]:
    """Attempts with this entry, found by the users and the group that it names: that has an index, the entry has none."""
    local = {entry.subject_id, *_members(entry)}
    found = known(Attempt.objects.filter(local_id__in=local, entry_id=entry.pk)).select_related("application")
    kept = found.defer("request", "response", "application__mappings").order_by("-id")
    return list(kept[:_CAUSED])


def _members(entry: JournalEntry) -> set[UUID]:
    members = entry.detail.get("members")
    ids = (
        (as_id(one.get("id")) for one in members if isinstance(one, dict))
        if isinstance(members, list)
        else ()
    )
    return {one for one in ids if one is not None}
