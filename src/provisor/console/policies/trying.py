"""Trying a filter on somebody, before it is saved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.applications.refusals import Problems
from provisor.applications.scoping import check_policy_scope, compiled_or_why, document_of
from provisor.console.guard import requires
from provisor.directory.models import User
from provisor.directory.queries import find_user
from provisor.directory.refusal import DirectoryRefusal
from provisor.mapping.scope import Verdict

_VALUES = 10


@require_safe
@requires(Permission.READ)
def try_filter(request: HttpRequest) -> HttpResponse:
    """Say whether the filter lets a person in, and which of their attributes it looked at."""
    text, name = request.GET.get("scope", ""), request.GET.get("try_on", "").strip()
    problems = Problems()
    check_policy_scope(text, problems)
    context: dict[str, object] = {"refused": problems.found, "sentence": "", "values": []}
    if name and text.strip() and not problems:
        context |= _judged(text, name)
    return render(request, "console/policies/tried.html", context)


def _judged(text: str, name: str) -> dict[str, object]:
    try:
        user = find_user(name)
    except DirectoryRefusal as refusal:
        return {"sentence": refusal.reason}
    scope = compiled_or_why(text)
    assert not isinstance(scope, Verdict)
    document = document_of(user)
    values = list(scope.read_values(document).items())[:_VALUES]
    return {"sentence": _sentence(user, scope.judge(document)), "values": values}


def _sentence(user: User, verdict: Verdict) -> str:
    if verdict.matches is None:
        said = _("It fails for %(name)s: %(why)s Whoever has the account keeps it, and nobody gets it.")
        return said % {"name": user.user_name, "why": verdict.reason}
    said = _("It lets %(name)s in.") if verdict.matches else _("It keeps %(name)s out.")
    return said % {"name": user.user_name}
