"""The caller of an operation, once the token and the role have been looked at."""

from django.http import HttpRequest
from ninja.security.base import AuthBase

from provisor.access.permissions import Permission
from provisor.access.principals import Principal
from provisor.api.bearer import principal_of
from provisor.api.management.problems import Problem
from provisor.audit.actor import Actor


class BearerToken(AuthBase):
    """Lets a request through whose token has a role with one permission."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "An API token of Provisor (`prv_...`). Cookies are not looked at."

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self.permission = permission

    def __call__(self, request: HttpRequest) -> Principal:
        """Return the principal. Raises `Unauthenticated`, or `Problem` 403."""
        principal = principal_of(request)
        _refuse_unless(principal, self.permission)
        return principal


def demand(request: HttpRequest, permission: Permission) -> None:
    """Ask for another permission, where a member of the body needs more than the operation. Raises `Problem` 403."""
    _refuse_unless(principal_of(request), permission)


def _refuse_unless(principal: Principal, permission: Permission) -> None:
    if not principal.may(permission):
        raise Problem(
            403,
            "forbidden",
            f'The role "{principal.role}" does not have the permission "{permission}" that this needs. '
            "Use a token with another role.",
        )


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request that passed `BearerToken`."""
    principal: Principal = getattr(request, "auth")  # noqa: B009 - set by django-ninja, unknown to the type checker
    return principal.actor
