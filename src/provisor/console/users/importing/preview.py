"""What an import would do: counted by the plan that the import itself makes, and rehearsed in the applications."""

from collections import Counter
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.audit.actor import Actor
from provisor.console.long_work.results import MOST_ROWS
from provisor.console.users.importing.kinds import Kind
from provisor.directory.csv_columns import read_header
from provisor.directory.csv_file import read_table
from provisor.directory.csv_plan import LinePlan, Outcome, PlannedLine
from provisor.directory.documents import differences
from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence

#: Lines shown of a file.
SHOWN: Final = 12
#: More changing lines than this are not rehearsed: other writers wait meanwhile.
REHEARSED: Final = 2_000


def preview(kind: Kind, data: bytes, *, actor: Actor) -> dict[str, Any]:
    """Return the preview as JSON: `counts`, `lines`, the first `rows`, `refused` lines and `reach`, a sentence.

    Raises `FileRefused`: the file cannot be read, or a column is unknown. Nothing is written.
    """
    table = read_table(data)
    plan = kind.plan(read_header(table.header, kind.columns(), kind.required), table.rows)
    refused = sorted([*plan.refused, *table.refused], key=lambda one: one.line)
    counts = Counter(planned.outcome for planned in plan.lines.values())
    return {
        "counts": {outcome.value: counts[outcome] for outcome in Outcome},
        "lines": len(plan.lines) + len(refused),
        "rows": [_row(planned) for planned in list(plan.lines.values())[:SHOWN]],
        "refused": [[one.line, one.reason, one.hint] for one in refused[:MOST_ROWS]],
        "refused_count": len(refused),
        "reach": _reach(kind, data, plan, actor),
    }


def _row(planned: PlannedLine) -> dict[str, Any]:
    return {
        "line": planned.line,
        "name": planned.name,
        "outcome": planned.outcome.value,
        "what": _what(planned),
    }


def _what(planned: PlannedLine) -> str:
    """Say what of the resource changes, or how it will be called."""
    joins = getattr(planned, "joins", [])
    parts = []
    if planned.outcome is Outcome.CREATED:
        parts.append(str(planned.document.get("displayName", "")))
    if planned.outcome is Outcome.UPDATED:
        was = getattr(planned, "user", None) or getattr(planned, "group", None)
        sides = differences(was.resource, planned.document) if was is not None else ({}, {})
        parts.append(", ".join(sorted({name.rpartition(":")[2] for side in sides for name in side})))
    if joins:
        parts.append(_joins(planned, len(joins)))
    return "; ".join(filter(None, parts))


def _joins(planned: PlannedLine, count: int) -> str:
    if hasattr(planned, "user"):
        return ngettext("joins %(count)s group", "joins %(count)s groups", count) % {"count": f"{count:,}"}
    return ngettext("%(count)s member comes in", "%(count)s members come in", count) % {"count": f"{count:,}"}


def _reach(kind: Kind, data: bytes, plan: LinePlan[Any], actor: Actor) -> str:
    changing = sum(planned.outcome is not Outcome.UNCHANGED for planned in plan.lines.values())
    if not changing:
        return ""
    if changing <= REHEARSED:
        return sentence(rehearse(lambda: kind.run(data, actor=actor), detail=0))
    return _(
        "%(count)s lines change something, and up to %(most)s are rehearsed: what this does in the applications is "
        "known once it is done. The brake of each application holds back mass removals."
    ) % {"count": f"{changing:,}", "most": f"{REHEARSED:,}"}
