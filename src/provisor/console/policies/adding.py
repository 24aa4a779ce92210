"""Adding a policy: application and group are chosen, the reach is shown, and everything typed is kept."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.permissions import Permission
from provisor.applications.models import Application, Policy
from provisor.applications.policies import create_policy
from provisor.applications.refusals import Problems
from provisor.applications.scoping import check_policy_scope
from provisor.console.groups.choices import group_names
from provisor.console.groups.reading import size_of
from provisor.console.guard import actor_of, requires
from provisor.console.nearby import local_next, with_query
from provisor.console.policies import telling
from provisor.console.policies.forms import AddPolicyForm
from provisor.console.policies.reading import application_in, existing, group_in, have_account
from provisor.console.reach import reach_of
from provisor.console.refusals import REFUSALS, place_errors
from provisor.directory.models import Group
from provisor.directory.names import LONGEST_NAME

#: Fields that travel in the address while somebody creates a group for the policy.
_TRAVELLING = (
    "application",
    "name",
    "login_method",
    "second_factor",
    "roles",
    "entitlements",
    "push_group",
    "scope",
    "next",
)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def add_policy(request: HttpRequest) -> HttpResponse:
    """The form of a new policy; `?application=` and `?group=` choose, `?next=` is where to go on afterwards."""
    if request.method != "POST":
        return _page(request, AddPolicyForm(initial=_initial(request.GET)), request.GET)
    if "create_group" in request.POST:
        return redirect(_by_way_of_a_group(request.POST))
    form = AddPolicyForm(request.POST)
    if form.is_valid():
        try:
            policy, reach = _create(request, form)
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            telling.added(request, policy, reach)
            return redirect(local_next(request) or reverse("policy", args=[policy.id]))
    return _page(request, form, request.POST, status=422)


def _initial(values: QueryDict) -> dict[str, Any]:
    given: dict[str, Any] = {name: values[name] for name in AddPolicyForm.base_fields if name in values}
    group = group_in(values)
    if group is not None:
        given["group"] = group.display_name
    given["push_group"] = _push(values, group)
    return given


def _push(values: QueryDict, group: Group | None) -> bool:
    """Whether the group is to be pushed: as ticked for such a group, else as it is usual: not Everyone."""
    if values.get("push_shown") == _kind(group):
        return "push_group" in values
    return group is None or not group.is_everyone


def _kind(group: Group | None) -> str:
    return "everyone" if group is not None and group.is_everyone else "named"


def _by_way_of_a_group(values: QueryDict) -> str:
    typed = {name: values.get(name, "") for name in _TRAVELLING}
    back = with_query(reverse("add-policy"), **typed)
    return with_query(reverse("create-group"), name=values.get("group", ""), next=back)


def _page(request: HttpRequest, form: AddPolicyForm, values: QueryDict, status: int = 200) -> HttpResponse:
    application, group = application_in(values), group_in(values)
    if form.is_bound:
        form.data = {**dict(form.data.items()), "push_group": "on" if _push(values, group) else ""}
    context = {
        "form": form, "application": application, "group": group, "existing": existing(application, group),
        "suggestion": suggestion(application, group), "kind": _kind(group), "next": local_next(request),
        "options": [(name, "") for name in group_names()],
    }  # fmt: skip
    return render(request, "console/policies/add.html", context, status=status)


def suggestion(application: Application | None, group: Group | None) -> str:
    """Return the name that a policy gets when none is typed, or "" before both are chosen."""
    if application is None or group is None:
        return ""
    names = {"application": application.name, "group": group.display_name}
    return (_("%(application)s for %(group)s") % names)[:LONGEST_NAME]


def _create(request: HttpRequest, form: AddPolicyForm) -> tuple[Policy, str]:
    application, group = application_in(request.POST), group_in(request.POST)
    given = form.cleaned_data
    fields: dict[str, Any] = {
        "application": given["application"],
        "group": given["group"],
        "name": given["name"] or suggestion(application, group),
        "push_group": _push(request.POST, group),
        "scope": given["scope"],
    }
    fields |= {name: given[name] for name in ("login_method", "second_factor") if given[name]}
    features = application.features if application else {}
    fields |= {name: given[name] for name in ("roles", "entitlements") if features.get(name)}

    def change() -> Policy:
        return create_policy(actor=actor_of(request), **fields)

    reach = telling.followed(change)
    return change(), reach


@require_safe
@requires(Permission.MANAGE_APPLICATIONS)
def adding_reach(request: HttpRequest) -> HttpResponse:
    """What granting the application to the group would do; nothing until both are chosen."""
    application, group = application_in(request.GET), group_in(request.GET)
    if application is None or group is None or existing(application, group):
        return HttpResponse()
    fields = {"name": suggestion(application, group), "application": application.id, "group": group.id}
    fields["push_group"] = _push(request.GET, group)
    problems = Problems()
    check_policy_scope(request.GET.get("scope", ""), problems)
    if not problems:
        # one that cannot be saved says so at its field
        fields["scope"] = request.GET.get("scope", "")
    reach = reach_of(_does(application, group), lambda: create_policy(actor=actor_of(request), **fields))
    return render(request, "console/reach/reach.html", {"reach": reach})


def _does(application: Application, group: Group) -> str:
    count, already = size_of(group).effective, have_account(application, group)
    said = ngettext(
        "Grants %(application)s to %(count)s person in “%(group)s”.",
        "Grants %(application)s to %(count)s people in “%(group)s”.",
        count,
    ) % {"application": application.name, "count": f"{count:,}", "group": group.display_name}
    if not already:
        return said
    more = ngettext(
        "%(count)s person has an account there already, or is about to.",
        "%(count)s people have an account there already, or are about to.",
        already,
    )
    return f"{said} {more % {'count': f'{already:,}'}}"
