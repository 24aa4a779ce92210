"""Test connection: the probe on what is typed, as a list of checks and of what was learnt."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from provisor.applications.capabilities import record_probe
from provisor.applications.models import Application
from provisor.applications.schemas import record_schema
from provisor.audit.actor import Actor
from provisor.console.adding.connecting import ConnectionForm
from provisor.provisioning.preview.examination import test_connection, try_values
from provisor.scim.announced_schema import AnnouncedSchema, from_document
from provisor.scim.capabilities import FACTS, Fact, Origin

#: Level of the report to level of the page, icon, and the word for who does not see it.
_LEVELS: Final = {
    "ok": ("good", "check"),
    "warning": ("warning", "exclamation-circle"),
    "error": ("bad", "x"),
}
#: Longest text of the application that a page shows.
_LONGEST: Final = 600


@dataclass(frozen=True, slots=True)
class Checked:
    """One check with its sentence."""

    level: str
    icon: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """One fact in words."""

    name: str
    description: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the probe found. `facts` and `attributes` are for `remember`, once the application is there."""

    ok: bool
    checks: list[Checked]
    learnt: list[Learnt]
    requests: int
    facts: list[Fact]
    attributes: AnnouncedSchema | None


def tested(form: ConnectionForm, application: Application | None, actor: Actor) -> Tested:
    """Examine what a valid form holds; with the stored credential where that is meant. Nothing is written there.

    Raises TestedTooOften.
    """
    if application is not None and form.keeps_stored:
        return _shown(test_connection(application.pk, actor=actor))
    cleaned = form.cleaned_data
    values = (cleaned["base_url"], cleaned["auth_method"], form.values, form.profile.facts)
    report = try_values(*values, actor=actor, application=application)
    return _shown(report)


def remember(application: Application, report: Tested) -> None:
    """Keep what was learnt with the application that the typed values became."""
    record_probe(application, report.facts, evidence="Test connection")
    record_schema(application, report.attributes, origin="Test connection")


def _shown(report: dict[str, Any]) -> Tested:
    facts = [
        Fact(name=each["name"], value=each["value"], origin=Origin.PROBE, evidence=each["evidence"])
        for each in report["facts"]
    ]
    return Tested(
        ok=report["ok"],
        checks=[_checked(each["level"], each["message"]) for each in report["checks"]],
        learnt=list(_learnt(facts)),
        requests=report["requests"],
        facts=facts,
        attributes=from_document(report["attributes"]) if report["attributes"] else None,
    )


def _checked(level: str, sentence: str) -> Checked:
    words = {"ok": _("Well:"), "warning": _("Mind:"), "error": _("Wrong:")}
    cut = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"
    return Checked(*_LEVELS[level], words[level], cut)


def _learnt(facts: Iterable[Fact]) -> Iterable[Learnt]:
    for fact in facts:
        if fact.name in FACTS:
            yield Learnt(fact.name, FACTS[fact.name].description, _value(fact.value))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
