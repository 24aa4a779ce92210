"""Magic links: asking for one by e-mail, and using it by a form, never by opening it."""

import secrets
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access import links
from provisor.access.letters import to_nobody
from provisor.access.methods import MAGIC_LINK_RECORD
from provisor.access.models import Account
from provisor.access.portal_accounts import arrive, owns_its_mailbox
from provisor.console.forms import ConsoleForm

#: In the session of the browser that asks: the secret that makes it known again.
_BROWSER = "magic_link_browser"


class AskForm(ConsoleForm):
    """The e-mail address of an account."""

    email = forms.EmailField(label=gettext_lazy("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))  # fmt: skip


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponseBase:
    """Send a link, and say the same to everybody."""
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if ratelimit.consume(request, action="magic_link", key=email):
            _send(request, email)
            return redirect("magic-link-sent")
        form.add_error(None, _("Too many links were asked for. Wait a while, or take another way."))
    context = {"form": form, "next": get_next_redirect_url(request) or ""}
    return render(request, "account/magic_link.html", context, status=422 if form.errors else 200)


@login_not_required
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "account/magic_link_sent.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask whether to sign in here; the form that answers it uses the link up and begins the sign-in."""
    link = links.find(token)
    if link is None or request.method != "POST":
        here = link is not None and links.asked_here(link, request.session.get(_BROWSER, ""))
        context = {"link": link, "here": here, "next": get_next_redirect_url(request) or ""}
        return render(request, "account/magic_link_use.html", context, status=200 if link else 410)
    account = links.use(token)
    if account is None:
        return render(request, "account/magic_link_use.html", {"link": None}, status=410)
    record_authentication(request, account, method=MAGIC_LINK_RECORD, email=account.email)
    login = Login(user=account, email=account.email, redirect_url=get_next_redirect_url(request))
    response: HttpResponseBase = perform_login(request, login)
    return response


def _send(request: HttpRequest, email: str) -> None:
    browser = request.session.setdefault(_BROWSER, secrets.token_urlsafe(32))
    arrive(email)
    account = Account.objects.select_related("directory_user").filter(email=email).first()
    if account is not None and account.may_sign_in() and owns_its_mailbox(account):
        context: dict[str, Any] = {"link": _address(request, links.make(account, browser))}
        get_adapter(request).send_mail("account/email/magic_link", account.email, context)
    else:
        to_nobody()


def _address(request: HttpRequest, token: str) -> str:
    """On the public address where one is set, whatever host was asked."""
    path = reverse("magic-link", args=[token])
    asked_for = get_next_redirect_url(request)
    query = f"?{urlencode({'next': asked_for})}" if asked_for else ""
    return f"{settings.PUBLIC_URL or request.build_absolute_uri('/').rstrip('/')}{path}{query}"
