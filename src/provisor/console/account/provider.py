"""Signing in with the external provider, and linking one's own account to it."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from provisor.access import provider as providers
from provisor.access.models import Account
from provisor.access.permissions import Permission, allows
from provisor.access.provider_sign_in import OneIssuer
from provisor.console import notices
from provisor.console.guard import confirmed, requires
from provisor.console.refusals import REFUSALS, sentence_of


@login_not_required
@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Lead to the provider, to sign in."""
    return _lead(request, provider_id, "login")


def _lead(request: HttpRequest, provider_id: str, process: str) -> HttpResponseBase:
    """By a page, for the policy forbids a form to end at another site. What the form says of `process` does not count."""
    form = request.POST.copy()
    form["process"] = process
    request.POST = form  # type: ignore[assignment]  # a copy that is not changed any more
    view = OAuth2LoginView.adapter_view(OneIssuer(request, provider_id))
    try:
        answer: HttpResponseBase = view(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except OAuth2Error as error:
        notices.refused(request, _("The provider cannot be used now: %(why)s") % {"why": error})
        return redirect("account" if request.user.is_authenticated else "account_login")
    if answer.status_code != 302:  # noqa: PLR2004 - a redirect leads there
        return answer
    return render(request, "account/to_provider.html", {"address": answer.headers["Location"]})


@login_not_required
@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where the provider sends people back to."""
    view = OAuth2CallbackView.adapter_view(OneIssuer(request, provider_id))
    try:
        answer: HttpResponseBase = view(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer


@require_POST
@requires(Permission.READ)
@confirmed
def link(request: HttpRequest) -> HttpResponseBase:
    """Link the viewer's account to an identity of the provider, which has to be proved there."""
    found = providers.offered()
    if found is None:
        raise Http404
    return _lead(request, providers.provider_id(found), "connect")


@require_POST
@requires(Permission.READ)
@confirmed
def unlink(request: HttpRequest) -> HttpResponse:
    """End the links of the viewer's account."""
    assert isinstance(request.user, Account)
    try:
        providers.unlink(request.user)
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("Nothing outside signs you in any more."))
    return redirect("account")


@login_not_required
@require_safe
def given_up(request: HttpRequest) -> HttpResponse:
    """Where allauth leads who has cancelled at the provider."""
    notices.mind(request, _("The sign-in at the provider was cancelled."))
    return redirect("account" if request.user.is_authenticated else "account_login")


def context_of(account: Any) -> dict[str, Any]:
    """For *Your account*: the provider, and whether it is linked. It is for who administers."""
    if not allows(account.role, Permission.READ):
        return {}
    return {"provider": providers.offered(), "provider_linked": bool(providers.linked(account))}
