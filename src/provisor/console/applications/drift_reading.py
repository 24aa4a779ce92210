"""What a scan has found, as the rows of the tab Drift show it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.applications.models import Application
from provisor.console.applications.drift_forms import MATCHES, WHATS, DriftFilter
from provisor.console.applications.named import Named, names_of
from provisor.provisioning.drift.finding_acts import sure
from provisor.provisioning.drift.scans import drift_settings, latest_scan
from provisor.provisioning.models import Finding, Scan

SETTLED: Final = ("corrected", "adopted", "removing", "removed")
#: Names of members that a row shows.
_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that differs."""

    path: str
    sent: str
    now: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding with the names of whom it is about."""

    finding: Finding
    what: str
    match: str
    whose: Named | None
    changes: list[Change] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.finding.name or (self.whose.name if self.whose else self.finding.remote_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanShown:
    """The latest scan: how far it is, and what it could not say."""

    scan: Scan
    seen: int
    total: int
    running: bool
    remarks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Open findings by what they are."""

    whats: list[tuple[str, Any, int]]
    #: Some can be adopted in one go.
    sure: bool
    all: int


def scan_of(application_id: UUID) -> ScanShown | None:
    """The scan that was asked for last."""
    scan = latest_scan(application_id)
    if scan is None:
        return None
    lists = scan.lists.values()
    remarks = [scan.reason, *(str(each.get("reason", "")) for each in lists)]
    return ScanShown(
        scan=scan,
        seen=sum(scan.totals.get(kind, 0) for kind in ("users", "groups")),
        total=int(scan.position.get("total") or 0),
        running=scan.state in (Scan.State.REQUESTED, Scan.State.RUNNING),
        remarks=[each for each in remarks if each],
    )


def counts_of(application_id: UUID) -> Counts:
    """Open findings by what they are; one query, two where some match."""
    rows = Finding.objects.filter(application=application_id, state=Finding.State.OPEN).order_by()
    counted = {
        (what, match): n for what, match, n in rows.values_list("what", "match").annotate(n=Count("id"))
    }
    by_what = {
        name: sum(n for (what, _m), n in counted.items() if what == name) for name, _l in WHATS if name
    }
    return Counts(
        whats=[(name, label, by_what[name]) for name, label in WHATS if name and by_what[name]],
        sure=bool(counted.get((Finding.What.UNKNOWN, Finding.Match.SURE))) and bool(sure(application_id, 1)),
        all=sum(by_what.values()),
    )


def settings_of(application: Application) -> dict[str, Any]:
    """The settings as the form shows them."""
    settings = drift_settings(application)
    return {**settings, "every": "" if settings["every"] is None else str(settings["every"])}


def found(application_id: UUID, wanted: DriftFilter) -> QuerySet[Finding]:
    """The findings that the filter asks for."""
    rows = Finding.objects.filter(application=application_id)
    state = wanted.chosen("state") or "open"
    rows = rows.filter(state__in=SETTLED) if state == "settled" else rows.filter(state=state)
    if what := wanted.chosen("what"):
        rows = rows.filter(what=what)
    if match := wanted.chosen("match"):
        rows = rows.filter(what=Finding.What.UNKNOWN, match="" if match == "none" else match)
    return rows


def rows_of(findings: Iterable[Finding]) -> list[FindingRow]:
    """Findings with the names of users, groups and members, in one query."""
    kept = list(findings)
    members = [each.get("user") for row in kept for each in _members(row)]
    ids = [row.local_id for row in kept] + [UUID(one) for one in members if one]
    names = names_of(ids)
    return [_row(one, names) for one in kept]


def _members(row: Finding) -> list[dict[str, Any]]:
    return [*row.detail.get("missing", ())[:_NAMES], *row.detail.get("extra", ())[:_NAMES]]


def _row(one: Finding, names: dict[UUID, Named]) -> FindingRow:
    labels, matches = dict(WHATS), {**dict(MATCHES), "": dict(MATCHES)["none"]}
    return FindingRow(
        finding=one,
        what=str(labels.get(one.what, one.what)),
        match=str(matches.get(one.match, one.match)) if one.what == Finding.What.UNKNOWN else "",
        whose=names.get(one.local_id) if one.local_id else None,
        changes=[
            Change(each["path"], _text(each["sent"]), _text(each["now"]))
            for each in one.detail.get("changes", ())
        ],
        sentences=_sentences(one, names),
    )


def _sentences(one: Finding, names: dict[UUID, Named]) -> list[str]:
    sentences = []
    if one.what == Finding.What.MEMBERS:
        sentences = list(_of_members(one, names))
    elif one.what == Finding.What.UNKNOWN:
        sentences = [_of_unknown(one)]
    elif one.what == Finding.What.MISSING:
        sentences = [_("Reading it was answered with 404.")]
    return [each for each in (*sentences, one.reason) if each]


def _of_members(one: Finding, names: dict[UUID, Named]) -> Iterable[str]:
    lacking, extra = one.detail.get("missing_count", 0), one.detail.get("extra_count", 0)
    if lacking:
        sentence = ngettext("%(n)d is not in it: %(who)s.", "%(n)d are not in it: %(who)s.", lacking)
        yield sentence % {"n": lacking, "who": _who(one.detail["missing"], lacking, names)}
    if extra:
        sentence = ngettext("%(n)d is too many: %(who)s.", "%(n)d are too many: %(who)s.", extra)
        yield sentence % {"n": extra, "who": _who(one.detail["extra"], extra, names)}


def _who(members: list[dict[str, Any]], count: int, names: dict[UUID, Named]) -> str:
    shown = [_called(each, names) for each in members[:_NAMES]]
    return ", ".join(shown) + (" …" if count > len(shown) else "")


def _called(member: dict[str, Any], names: dict[UUID, Named]) -> str:
    named = names.get(UUID(member["user"])) if member.get("user") else None
    return named.name if named else str(member["id"])


def _of_unknown(one: Finding) -> str:
    addresses = ", ".join(one.detail.get("emails", ()))
    active = one.detail.get("active")
    state = "" if active is None else _("active") if active else _("inactive")
    return ", ".join(each for each in (one.detail.get("displayName", ""), addresses, state) if each)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
