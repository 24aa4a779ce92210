"""Which permission a page needs."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from provisor.access.models import Account
from provisor.access.permissions import Permission, allows

_Arguments = ParamSpec("_Arguments")
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponse]


def requires(permission: Permission) -> Callable[[_View[_Arguments]], _View[_Arguments]]:
    """Let a view answer only to an account whose role has the permission; others get 403."""

    def decorate(view: _View[_Arguments]) -> _View[_Arguments]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
        ) -> HttpResponse:
            if not (isinstance(request.user, Account) and allows(request.user.role, permission)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
