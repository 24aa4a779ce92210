"""The audit record: every act, found again, opened, and taken away as a file."""

from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.audit.export import FORMATS
from provisor.audit.models import AuditEntry
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.console.names import names_of
from provisor.console.records.checking import latest_check
from provisor.console.records.exporting import HEADER, csv_lines, lines_answer
from provisor.console.records.filtering import AuditFilter, filtered_acts, known_acts
from provisor.console.records.showing import differences, is_shown
from provisor.directory.queries import as_id
from provisor.streaming import in_parts

#: The largest id of a row.
_LARGEST = 2**63


@require_safe
@requires(Permission.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponseBase:
    """Every act, the newest first, as far as the filter asks for it; `?export=csv`, `jsonl`, `ocsf` or `cef` sends the same as a file."""
    form = AuditFilter(request.GET, known_acts())
    found = filtered_acts(form)
    if not form.errors and request.GET.get("export") == "csv":
        return csv_answer(request, "audit", HEADER, csv_lines(found))
    if not form.errors and (chosen := FORMATS.get(request.GET.get("export", ""))):
        return in_parts(request, lines_answer("audit", found, chosen))
    page = page_of(found, request, "-id")
    names = names_of(_ids(page.rows))
    rows = [(one, *_name(one, names)) for one in page.rows]
    context = {"form": form, "page": page, "rows": rows, "narrowed": form.narrowed(), "check": latest_check()}
    return render(request, "console/records/audit.html", context)


def _ids(rows: list[AuditEntry]) -> set[UUID]:
    return {key for one in rows if (key := as_id(one.subject_id)) is not None}


def _name(entry: AuditEntry, names: dict[UUID, tuple[str, str]]) -> tuple[str, UUID | None, str]:
    """Page, id and name of the subject: as it is called now where it is there, else as it was called then."""
    key = as_id(entry.subject_id)
    page, name = names.get(key, ("", "")) if key else ("", "")
    return page, key, (name if page else entry.subject_label) or entry.subject_label or entry.subject_id


@require_safe
@requires(Permission.READ_AUDIT)
def audit_entry(request: HttpRequest, entry_id: int) -> HttpResponseBase:
    """One act with what it changed."""
    found = (
        AuditEntry.objects.select_related("payload").filter(pk=entry_id).first()
        if entry_id < _LARGEST
        else None
    )
    if found is None:
        raise Http404
    page, key, name = _name(found, names_of(_ids([found])))
    payload = getattr(found, "payload", None)
    content = payload.content if payload else None
    context = {
        "entry": found,
        "page": page,
        "key": key,
        "name": name,
        "erased": payload is not None and payload.text is None,
        "removed": payload is None,
        "both": is_shown(content) and len(content) > 1,
        "differences": differences(content) if is_shown(content) else [],
    }
    return render(request, "console/records/audit_entry.html", context)
