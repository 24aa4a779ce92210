"""The caller of an operation, once the token and the role have been looked at."""

from uuid import UUID

from django.http import HttpRequest
from ninja.security.base import AuthBase

from provisor.access.permissions import Permission
from provisor.access.principals import Principal
from provisor.api.bearer import principal_of
from provisor.api.management.problems import Problem
from provisor.applications.lookup import as_id
from provisor.audit.actor import Actor


def caller_of(request: HttpRequest) -> Principal:
    """Whoever calls, before it is known what they want. Raises `Unauthenticated`, or `Problem` 403 for a token of the other interface."""
    principal = principal_of(request)
    if principal.scim_only:
        detail = "This token is for the SCIM interface at /scim/v2 only. Use another one here."
        raise Problem(403, "forbidden", detail)
    return principal


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
        _within_bounds(principal, self.permission, application_in(request))
        return principal


def demand(request: HttpRequest, permission: Permission, application: object = None) -> None:
    """Ask for another permission, where a body or a query needs more than the operation, or names an application by its id.

    Raises `Problem` 403.
    """
    principal = principal_of(request)
    _refuse_unless(principal, permission)
    if application is not None:
        _within_bounds(principal, permission, as_id(application))


def _refuse_unless(principal: Principal, permission: Permission) -> None:
    if not principal.may(permission):
        raise Problem(
            403,
            "forbidden",
            f'The role "{principal.role}" does not have the permission "{permission}" that this needs. '
            "Use a token with another role.",
        )


def _within_bounds(principal: Principal, permission: Permission, application: UUID | None) -> None:
    if not principal.may(permission, application):
        detail = "This token does not look after that application. Use one that does, or ask an owner."
        raise Problem(403, "forbidden", detail)


def application_in(request: HttpRequest) -> UUID | None:
    """The id of the application that the address names; None where it names none, or something that is no id."""
    given = request.resolver_match.kwargs.get("application_id") if request.resolver_match else None
    return as_id(given) if given else None


def principal_in(request: HttpRequest) -> Principal:
    """The principal of a request that passed `BearerToken`."""
    principal: Principal = getattr(request, "auth")  # noqa: B009 - set by django-ninja, unknown to the type checker
    return principal


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request that passed `BearerToken`."""
    return principal_in(request).actor
