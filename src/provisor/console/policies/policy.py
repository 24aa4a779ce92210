"""The page of one policy: its people, changing it, deleting it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.permissions import Permission
from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy as remove_policy
from provisor.applications.policies import update_policy
from provisor.console import notices
from provisor.console.editing import tell_of_conflict
from provisor.console.groups.reading import searched, size_of
from provisor.console.guard import actor_of, requires
from provisor.console.keyset import page_of
from provisor.console.policies import reading, telling
from provisor.console.policies.forms import EditPolicyForm, PolicyForm
from provisor.console.policies.wording import sign_in
from provisor.console.reach import Reach, is_asked, is_part, reach_of, told
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of

_FIELDS = ("name", "login_method", "second_factor", "push_group", "scope")
_LISTS = ("roles", "entitlements")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def policy(request: HttpRequest, policy_id: UUID) -> HttpResponseBase:
    """The policy with the people it brings; who may, changes it here."""
    found = reading.policy_or_404(policy_id)
    if request.method != "POST":
        return _page(request, found, EditPolicyForm(initial=_initial(found)))
    return _save(request, found)


@requires(Permission.MANAGE_APPLICATIONS)
def _save(request: HttpRequest, found: Policy) -> HttpResponse:
    form, status = EditPolicyForm(request.POST), 422
    if form.is_valid():
        try:
            _update(request, found, form)
        except REFUSALS as refusal:
            if is_conflict(refusal):
                status = 409
                tell_of_conflict(request, form, found.id, reading.policy_or_404(found.id).version)
            else:
                place_errors(form, refusal)
        else:
            return redirect("policy", found.id)
    return _page(request, found, form, status)


def _initial(found: Policy) -> dict[str, Any]:
    lists = {name: "\n".join(getattr(found, name)) for name in _LISTS}
    return {name: getattr(found, name) for name in _FIELDS} | lists | {"edition": found.version}


def _page(request: HttpRequest, found: Policy, form: EditPolicyForm, status: int = 200) -> HttpResponse:
    size, text = size_of(found.group), searched(request)
    page = page_of(reading.members(found.group, size, text), request, "user_name_key")
    context = {
        "policy": found, "application": found.application, "group": found.group, "form": form, "size": size,
        "text": text, "page": page, "people": reading.people(found, page.rows),
        "sign_in": sign_in(found.login_method, found.second_factor),
    }  # fmt: skip
    return render(request, "console/policies/policy.html", context, status=status)


def _changes(found: Policy, given: dict[str, Any]) -> dict[str, Any]:
    """What a form changes. Roles and entitlements stay as they are while the application's features have none."""
    names = [*_FIELDS, *(name for name in _LISTS if found.application.features.get(name))]
    return {name: given[name] for name in names}


def _update(request: HttpRequest, found: Policy, form: EditPolicyForm) -> None:
    changes, edition = _changes(found, form.cleaned_data), form.cleaned_data["edition"]

    def change() -> Policy:
        return update_policy(found.id, changes, actor=actor_of(request), version=edition)

    follows = telling.followed(change)
    changed = change()
    if changed.version == found.version:
        notices.done(request, _("Nothing was changed: it is so already."))
        return
    said = _("The policy “%(name)s” was saved.") % {"name": changed.name}
    notices.done(request, f"{said} {follows}".strip())


@require_safe
@requires(Permission.MANAGE_APPLICATIONS)
def changing_reach(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """What the changes in the form would do; nothing while they cannot be saved."""
    found = reading.policy_or_404(policy_id)
    form = PolicyForm(request.GET)
    if not form.is_valid():
        return HttpResponse()
    changes = _changes(found, form.cleaned_data)
    reach = reach_of(_("When saved:"), lambda: update_policy(found.id, changes, actor=actor_of(request)))
    return render(request, "console/reach/reach.html", {"reach": reach})


@require_safe
@requires(Permission.READ)
def second_factor(request: HttpRequest) -> HttpResponse:
    """The field of second factors, for the login method that was just chosen."""
    values = {name: request.GET.get(name, "") for name in ("login_method", "second_factor")}
    return render(request, "console/policies/second_factor.html", {"form": PolicyForm(initial=values)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def delete_policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Ask at once; the numbers follow by `?reach=now`. Then delete the policy."""
    found = reading.policy_or_404(policy_id)
    if request.method != "POST":
        reach = _deletion(request, found) if is_asked(request) else None
        page = "console/policies/delete_question.html" if is_part(request) else "console/policies/delete.html"
        return render(request, page, {"policy": found, "reach": reach})
    reach = _deletion(request, found)
    try:
        remove_policy(found.id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("policy", found.id)
    said = _("The policy “%(name)s” was deleted.") % {"name": found.name}
    notices.done(request, told(said, reach))
    return redirect("policies")


def _deletion(request: HttpRequest, found: Policy) -> Reach:
    stay = reading.stay_without(found)
    names = {"application": found.application.name, "group": found.group.display_name, "count": f"{stay:,}"}
    does = _("Takes %(application)s from the group “%(group)s”.") % names
    if stay:
        more = ngettext(
            "%(count)s person keeps it because of another policy.",
            "%(count)s people keep it because of another policy.",
            stay,
        )
        does = f"{does} {more % names}"
    return reach_of(does, lambda: remove_policy(found.id, actor=actor_of(request)))
