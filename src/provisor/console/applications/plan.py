"""The tab Plan: what a pass would send now, to be read before anything leaves."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.console.applications import phrases
from provisor.console.applications.frame import frame
from provisor.console.applications.planned import first_part, planned_part
from provisor.console.exports import csv_answer
from provisor.console.guard import requires
from provisor.console.reach import is_asked, is_part
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.preview.plan_part import LOOKED_THROUGH, ROWS, START, Place, plan_part

HEADER: Final = ("act", "kind", "name", "how many", "reason", "method", "path", "body", "note")


@require_safe
@requires(Permission.READ)
def plan(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """The page at once, and with `?reach=now` one part of the plan with the totals; `act` keeps one kind of operation."""
    context = frame(request, application_id, "plan")
    act = request.GET.get("act", "")
    act = act if act in phrases.PLANNED else ""
    if request.GET.get("export") == "csv":
        return csv_answer(request, f"plan-{application_id}", HEADER, _lines(application_id, act))
    if is_asked(request):
        context["plan"] = planned_part(application_id, after=request.GET.get("after", ""), act=act, rows=ROWS)
    context |= {
        "act": act,
        # Links lead to pages; only who reads them without scripts goes on with plans in them.
        "reach": "now" if is_asked(request) and not is_part(request) else None,
        "word": str(phrases.PLANNED[act][0]) if act else "",
        "looked": LOOKED_THROUGH,
        "later": bool(request.GET.get("after")),
    }
    page = "console/applications/plan_shown.html" if is_part(request) else "console/applications/plan.html"
    return render(request, page, context)


@require_safe
@requires(Permission.READ)
def go(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """The question before a sync; the numbers follow by `?reach=now`."""
    context = frame(request, application_id, "plan")
    if is_asked(request):
        context["plan"] = first_part(application_id)
    page = "console/applications/go_question.html" if is_part(request) else "console/applications/go.html"
    return render(request, page, context)


def _lines(application_id: UUID, act: str) -> Iterator[list[Any]]:
    """One row for each request, planned in parts while they are sent."""
    following: Place | None = START
    while following is not None:
        try:
            part = plan_part(application_id, after=following, act=act, rows=500, counted=0)
        except (MappingRefused, Application.DoesNotExist) as problem:
            yield ["", "", "", "", f"The plan ends here: {problem}", "", "", "", ""]
            return
        for operation in part.operations:
            yield from _requests(operation)
        following = part.following


def _requests(operation: dict[str, Any]) -> Iterator[list[Any]]:
    about = [operation["act"], operation["kind"], operation["name"], operation["count"], operation["reason"]]
    if not operation["requests"]:
        yield [*about, "", "", "", ""]
    for request in operation["requests"]:
        body = "" if request["body"] is None else orjson.dumps(request["body"]).decode()
        yield [*about, request["method"], request["path"], body, request["note"]]
