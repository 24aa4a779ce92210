"""The page of one group, tab by tab: users, groups inside, policies, applications reached, journal."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.applications.models import Application, Policy
from provisor.console.groups import history, reading
from provisor.console.groups.counting import Reached, sizes
from provisor.console.groups.forms import PutInsideForm, QuickAddForm
from provisor.console.guard import requires
from provisor.console.keyset import page_of
from provisor.console.policies.wording import sign_in
from provisor.directory.models import Group, JournalEntry
from provisor.provisioning.models import Kind, Link
from provisor.provisioning.queries import application_statuses

#: Groups around it that the page names.
_AROUND = 20


def frame(group: Group, tab: str) -> dict[str, Any]:
    """Return what the head of every tab shows."""
    policies = reading.policies_of(group)
    grants = Reached.by(one.application.name for one in policies)
    return {
        "group": group,
        "size": reading.size_of(group),
        "policies": policies,
        "reached": grants,
        "tab": tab,
    }


@require_safe
@requires(Permission.READ)
def group_users(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The users: `?show=in`, `out` or `all`; `?through=1` with those of groups inside; `?q=` searches."""
    return users_page(request, reading.group_or_404(group_id), QuickAddForm())


def users_page(request: HttpRequest, group: Group, quick: QuickAddForm, status: int = 200) -> HttpResponse:
    """Answer with the users, and with the field that adds one of them as it was typed."""
    context = frame(group, "users")
    text, through, show = reading.searched(request), "through" in request.GET, request.GET.get("show")
    if group.is_everyone or show not in {"out", "all"}:
        show, found = "in", reading.members(group, context["size"], text, effective=through)
    elif show == "out":
        found = reading.strangers(group, text)
    else:
        found = reading.found_users(text)
    page = page_of(found, request, "user_name_key")
    context |= {"page": page, "rows": reading.rows(group, page.rows), "quick": quick}
    context |= {"text": text, "through": through, "show": show}
    return render(request, "console/groups/users.html", context, status=status)


@require_safe
@requires(Permission.READ)
def group_inside(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The groups inside, and those around it."""
    return inside_page(request, reading.group_or_404(group_id), PutInsideForm())


def inside_page(request: HttpRequest, group: Group, form: PutInsideForm, status: int = 200) -> HttpResponse:
    """Answer with the groups inside, and with the field that puts one in as it was typed."""
    page = page_of(reading.inside(group), request, "display_name_key")
    counted = sizes([one.id for one in page.rows])
    context = frame(group, "inside") | {"page": page, "form": form}
    context["rows"] = [(one, counted[one.id]) for one in page.rows]
    context["around"] = reading.around(group).order_by("display_name_key")[:_AROUND]
    return render(request, "console/groups/inside.html", context, status=status)


@require_safe
@requires(Permission.READ)
def group_policies(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The policies that its users come under: its own, and those of groups around it."""
    group = reading.group_or_404(group_id)
    context = frame(group, "policies")
    context["rows"] = [(one, sign_in(one.login_method, one.second_factor)) for one in context["policies"]]
    return render(request, "console/groups/policies.html", context)


@dataclass(frozen=True, slots=True)
class Place:
    """An application that the group's users have: its status, why, and the group itself there."""

    application: Application
    status: dict[str, Any]
    policies: list[Policy]
    link: Link | None


@require_safe
@requires(Permission.READ)
def group_applications(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The applications that its users have, and through which policies."""
    group = reading.group_or_404(group_id)
    context = frame(group, "applications")
    context["places"] = _places(group, context["policies"])
    return render(request, "console/groups/applications.html", context)


def _places(group: Group, found: list[Policy]) -> list[Place]:
    grants: defaultdict[UUID, list[Policy]] = defaultdict(list)
    for policy in found:
        grants[policy.application_id].append(policy)
    if not grants:
        return []
    links = {
        one.application_id: one for one in known(Link.objects.filter(kind=Kind.GROUP, local_id=group.id))
    }
    statuses = application_statuses(grants)
    places = [
        Place(policies[0].application, statuses[one], policies, links.get(one))
        for one, policies in grants.items()
    ]
    return sorted(places, key=lambda place: place.application.name_key)


@require_safe
@requires(Permission.READ)
def group_journal(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """What changed in the group, newest first."""
    group = reading.group_or_404(group_id)
    page = page_of(JournalEntry.objects.filter(subject_id=group.id), request, "-id")
    context = frame(group, "journal") | {"page": page, "lines": [history.line_of(one) for one in page.rows]}
    return render(request, "console/groups/journal.html", context)
