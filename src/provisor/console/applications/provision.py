"""On demand: one user or group at once, with every step shown."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.console.applications.frame import frame
from provisor.console.applications.named import Named, groups_called, names_of, typed, users_called
from provisor.console.applications.planned import Row, row_of
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.directory.queries import as_id
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.models import Kind
from provisor.provisioning.preview.on_demand import provision_now

_ROWS: Final = 12
_LONGEST: Final = 255


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROVISION)
def provision(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Choose somebody, provision them, and show scope, comparison, requests and result."""
    context = frame(request, application_id, "")
    given = request.POST if request.method == "POST" else request.GET
    kind = Kind.GROUP if given.get("kind") == "group" else Kind.USER
    text = typed(given.get("q", ""), _LONGEST)
    context |= {"kind": kind.value, "text": text, "found": _found(kind, text)}
    if request.method == "POST":
        context |= _provisioned(request, application_id, kind, as_id(given.get("local_id", "")))
    status = 409 if context.get("problem") else 200
    return render(request, "console/applications/provision.html", context, status=status)


def _found(kind: Kind, text: str) -> list[tuple[UUID, str, str]]:
    if not text:
        return []
    if kind == Kind.USER:
        users = users_called(text).filter(deleted_at=None).order_by("user_name_key")
        return list(users.values_list("id", "user_name", "display_name")[:_ROWS])
    groups = groups_called(text).filter(deleted_at=None).order_by("display_name_key")
    return [(one, name, "") for one, name in groups.values_list("id", "display_name")[:_ROWS]]


def _provisioned(
    request: HttpRequest, application_id: UUID, kind: Kind, local_id: UUID | None
) -> dict[str, Any]:
    """Do it; the answer says what happened, or why nothing did."""
    named: Named | None = names_of([local_id]).get(local_id) if local_id else None
    if local_id is None or named is None or named.kind != kind.value:
        return {
            "problem": _("There is no such user or group in the directory any more. Search for another one.")
        }
    try:
        result = provision_now(application_id, kind.value, local_id, actor=actor_of(request))
    except (MappingRefused, *REFUSALS) as refusal:
        return {"problem": sentence_of(refusal), "chosen": named, "local_id": local_id}
    except Application.DoesNotExist:
        return {"problem": _("The application was deleted meanwhile. Nothing was sent.")}
    return {
        "chosen": named,
        "local_id": local_id,
        "result": result,
        "steps": result["steps"],
        "planned": _operations(result["steps"]),
    }


def _operations(steps: list[dict[str, Any]]) -> list[Row]:
    return [
        row_of(operation)
        for step in steps
        for operation in step.get("plan", {}).get("operations", ())
    ]  # fmt: skip
