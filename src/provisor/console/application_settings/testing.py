"""Test connection: the stored credential against the application, as a check list; nothing is written there."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from provisor.access.permissions import Permission
from provisor.console.application_settings.page import page
from provisor.console.application_settings.reading import in_words
from provisor.console.applications.frame import frame
from provisor.console.guard import actor_of, requires
from provisor.provisioning.preview.examination import test_connection
from provisor.provisioning.preview.testing_often import TestedTooOften
from provisor.scim.capabilities import FACTS

#: Level of the report to level of the page, and its icon.
_LEVELS: Final = {
    "ok": ("good", "check"),
    "warning": ("warning", "exclamation-circle"),
    "error": ("bad", "x"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    level: str
    icon: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One fact that the application showed."""

    description: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the test found; `ok` is None where nothing was asked."""

    ok: bool | None
    checks: tuple[Check, ...]
    learnt: tuple[Learnt, ...]
    requests: int


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def test(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Test the connection, and remember what the application showed of itself."""
    context = frame(request, application_id, "settings")
    try:
        tested = _tested(test_connection(context["application"].id, actor=actor_of(request)))
    except TestedTooOften as refusal:
        tested = _not_tested(str(refusal))
    if getattr(request, "htmx", False):
        return render(request, "console/application_settings/tested.html", {"tested": tested})
    return page(request, context, tested=tested)


def _not_tested(sentence: str) -> Tested:
    level, icon = _LEVELS["warning"]
    return Tested(ok=None, checks=(Check(level=level, icon=icon, sentence=sentence),), learnt=(), requests=0)


def _tested(report: dict[str, Any]) -> Tested:
    checks = (
        Check(level=level, icon=icon, sentence=each["message"])
        for each in report["checks"]
        for level, icon in [_LEVELS[each["level"]]]
    )
    learnt = (
        Learnt(
            description=FACTS[each["name"]].description,
            value=in_words(each["value"]),
            evidence=each["evidence"] or _("Test connection"),
        )
        for each in report["facts"]
        if each["name"] in FACTS
    )
    return Tested(ok=report["ok"], checks=tuple(checks), learnt=tuple(learnt), requests=report["requests"])
