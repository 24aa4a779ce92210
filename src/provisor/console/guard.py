"""Which permission a page needs, and who acts on it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from provisor.access.models import Account
from provisor.access.permissions import Permission, allows
from provisor.access.principals import of_account
from provisor.audit.actor import Actor

_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponseBase]


def requires(permission: Permission) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Let a view answer only to an account whose role has the permission; others get 403."""

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponseBase:
            if not (isinstance(request.user, Account) and allows(request.user.role, permission)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, for the journal and the audit; of a request that passed `requires`."""
    assert isinstance(request.user, Account)
    return of_account(request.user).actor
