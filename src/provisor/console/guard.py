"""Which permission a page needs, whether its act has to be confirmed, and who acts on it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required, suspend_request
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.access.principals import of_account
from provisor.audit.actor import Actor

_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponseBase]


def may(request: HttpRequest, permission: Permission, application: object = None) -> bool:
    """Whether whoever has signed in has the permission; for one application where its id is given."""
    if not isinstance(request.user, Account):
        return False
    return of_account(request.user).may(permission, application if isinstance(application, UUID) else None)


def demand(request: HttpRequest, permission: Permission, application: object = None) -> None:
    """Raise `PermissionDenied` (403) without the permission."""
    if not may(request, permission, application):
        raise PermissionDenied


def requires(permission: Permission) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Let a view answer only to an account with the permission; others get 403.

    A view that speaks of one application names it `application_id`: an account that looks after others gets 403, too.
    """

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponseBase:
            demand(request, permission, kwargs.get("application_id"))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def confirmed(view: _View[_Arguments]) -> _View[_Arguments]:
    """Let a dangerous act (a POST) go on only when its sender has proved a moment ago who they are.

    Others are asked, and the act goes on from there with everything that was typed: it waits in the session.
    """
    return confirmed_where(lambda _request: True)(view)


def confirmed_where(
    dangerous: Callable[[HttpRequest], bool],
) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """As `confirmed`, for a page of which only some acts are dangerous."""
    return lambda view: _confirmed(view, dangerous)


def _confirmed(view: _View[_Arguments], dangerous: Callable[[HttpRequest], bool]) -> _View[_Arguments]:
    @wraps(view)
    def asked(
        request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> HttpResponseBase:
        must = request.method == "POST" and dangerous(request)
        if not must or not is_reauthentication_required(request, app=""):
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request") != "true":
            raise ReauthenticationRequired
        methods = get_adapter().get_reauthentication_methods(request.user)
        to = methods[0]["url"] if methods else resolve_url(settings.LOGIN_URL)
        return HttpResponseClientRedirect(suspend_request(request, to).url)

    return asked


def signed_in(view: _View[_Arguments]) -> _View[_Arguments]:
    """Let a view answer to everybody who has signed in, whatever their role: what it shows is their own."""

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> HttpResponseBase:
        if not isinstance(request.user, Account):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, for the journal and the audit; of a request that passed `requires`."""
    assert isinstance(request.user, Account)
    return of_account(request.user).actor
