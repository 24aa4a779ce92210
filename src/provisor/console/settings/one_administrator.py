"""One account: its role, its password, whether it may sign in."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access import accounts
from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, confirmed, demand, requires
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.settings import bounds
from provisor.console.settings.access_forms import PasswordForm, RoleForm
from provisor.console.shell import undo

_WRONG, _CONFLICT = 422, 409


def _found(account_id: UUID) -> Account:
    account: Account | None = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Http404
    return account


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def change_role(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Another role, unless somebody else has given one meanwhile: then it is asked again."""
    account = _found(account_id)
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        initial={"role": account.role, "seen": _seen(account), "applications": bounds.initial(account)},
    )
    context: dict[str, Any] = {"form": form, "account": account}
    if request.method != "POST" or not form.is_valid():
        return render(request, "console/settings/role.html", context, status=_WRONG if form.errors else 200)
    if form.cleaned_data["seen"] != _seen(account):
        renewed = request.POST.copy()
        renewed["seen"] = _seen(account)
        form.data = renewed
        return render(request, "console/settings/role.html", {**context, "overtaken": True}, status=_CONFLICT)
    before = {"role": account.role, "applications": account.applications}
    try:
        account = accounts.change_role(
            account_id, form.cleaned_data["role"], actor_of(request), applications=bounds.asked(form)
        )
    except REFUSALS as refusal:
        place_errors(form, refusal)
        return render(request, "console/settings/role.html", context, status=_WRONG)
    said = _("%(email)s is now: %(role)s.") % {"email": account.email, "role": account.get_role_display()}
    changed = before != {"role": account.role, "applications": account.applications}
    needs = {"account": str(account_id), **before}
    notices.done(request, said, undo_by=("account-role", needs) if changed else None)
    return redirect("administrators")


def _seen(account: Account) -> str:
    """What the person saw: the role, and which applications."""
    return (
        account.role if account.applications is None else f"{account.role} {','.join(account.applications)}"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def change_password(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A new password for somebody else, which ends their sessions. One's own is changed with the old one."""
    account = _found(account_id)
    if account.pk == request.user.pk:
        return redirect("account_change_password")
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_password(account_id, form.cleaned_data["password"], actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            said = _("The password of %(email)s was changed, and their sessions are over.")
            notices.done(request, said % {"email": account.email})
            return redirect("administrators")
    context = {"form": form, "account": account}
    return render(request, "console/settings/password.html", context, status=_WRONG if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def disable(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Ask, then end the sessions and tokens of the account."""
    account = _found(account_id)
    if request.method != "POST":
        live = account.tokens.filter(revoked_at=None).count()
        return render(request, "console/settings/disable.html", {"account": account, "tokens": live})
    try:
        accounts.disable(account_id, actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        said = _("%(email)s cannot sign in any more; their sessions and tokens have ended.")
        notices.done(
            request,
            said % {"email": account.email},
            undo_by=("account-disabled", {"account": str(account_id)}),
        )
    return redirect("administrators")


@require_POST
@requires(Permission.MANAGE_ACCESS)
@confirmed
def enable(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Let the account sign in again."""
    account = _found(account_id)
    accounts.enable(account_id, actor_of(request))
    notices.done(request, _("%(email)s can sign in again.") % {"email": account.email})
    return redirect("administrators")


def _may(request: HttpRequest) -> None:
    demand(request, Permission.MANAGE_ACCESS)


def _take_back_role(request: HttpRequest, needs: dict[str, Any]) -> str:
    _may(request)
    account = accounts.change_role(
        UUID(needs["account"]), needs["role"], actor_of(request), applications=needs["applications"]
    )
    return _("%(email)s is again: %(role)s.") % {"email": account.email, "role": account.get_role_display()}


def _take_back_disabling(request: HttpRequest, needs: dict[str, Any]) -> str:
    _may(request)
    account = accounts.enable(UUID(needs["account"]), actor_of(request))
    return _("%(email)s can sign in again.") % {"email": account.email}


undo.register("account-role", _take_back_role, dangerous=True)
undo.register("account-disabled", _take_back_disabling, dangerous=True)
