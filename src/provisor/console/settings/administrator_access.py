"""Keeping an administrator out for a while, letting one in again, and the rule on second factors."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access import accounts, rules, sessions_listed
from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, confirmed, requires
from provisor.console.refusals import REFUSALS, sentence_of


def _found(account_id: UUID) -> Account:
    account: Account | None = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Http404
    return account


def _done_or_refused(request: HttpRequest, act: Any, account: Account, said: str) -> HttpResponse:
    try:
        act(account.pk, actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, said % {"email": account.email})
    return redirect("administrators")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def access(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The sessions of an account, and what can be done about its sign-in."""
    account = _found(account_id)
    if request.method == "POST":
        return _act(request, account)
    context = {"account": account, "sessions": sessions_listed.sessions_of(account), "waits": _waits(account)}
    return render(request, "console/settings/access.html", context)


def _act(request: HttpRequest, account: Account) -> HttpResponse:
    act = request.POST.get("act", "")
    if act == "lock":
        said = _(
            "%(email)s cannot sign in until somebody unlocks it, and its sessions have ended. Its tokens go on."
        )
        return _done_or_refused(request, accounts.lock, account, said)
    if act == "unlock":
        return _done_or_refused(request, accounts.unlock, account, _("%(email)s can sign in again."))
    if act == "reset":
        said = _("%(email)s has no second factor and no passkey any more, and signs in with the password.")
        return _done_or_refused(request, accounts.reset, account, said)
    if act == "end-sessions":
        sessions_listed.end_sessions(account, actor_of(request))
        notices.done(request, _("All sessions of %(email)s have ended.") % {"email": account.email})
        return redirect("administrators")
    raise Http404


def _waits(account: Account) -> Any:
    from provisor.access.lockout import waiting

    return waiting([account.email]).get(account.email)


@require_POST
@requires(Permission.MANAGE_ACCESS)
@confirmed
def second_factor_rule(request: HttpRequest) -> HttpResponse:
    """Whether administrators must have a second factor, from the next sign-in on."""
    required = request.POST.get("required") == "yes"
    rules.require_second_factor(required, actor_of(request))
    notices.done(
        request,
        _("Administrators must have a second factor from their next sign-in on.")
        if required
        else _("A second factor is left to each administrator."),
    )
    return redirect("administrators")
