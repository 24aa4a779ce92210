"""The one way into every address of the SCIM interface: who calls, what they may, and errors in SCIM's words."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from provisor.access.permissions import Permission
from provisor.access.principals import Principal
from provisor.api.bearer import Unauthenticated, principal_of
from provisor.api.scim import answers
from provisor.api.scim.exchange import Exchange
from provisor.directory.refusal import DirectoryRefusal
from provisor.scim.errors import ScimError

_log: Final = logging.getLogger(__name__)

Handler = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one address does, and who may ask for it. `permission` None: everybody, without a token."""

    handler: Handler
    permission: Permission | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address below /scim/v2 (a Django path), with its operations by method."""

    path: str
    operations: Mapping[str, Operation]

    def view(self) -> Handler:
        @login_not_required
        @csrf_exempt
        def answer(request: HttpRequest, **parts: str) -> HttpResponse:
            return _guarded(self, request, parts)

        return answer


def _guarded(route: Route, request: HttpRequest, parts: dict[str, str]) -> HttpResponse:
    try:
        return _answer(route, request, parts)
    except ScimError as problem:
        return answers.error(problem)
    except DirectoryRefusal as refused:
        return answers.error(answers.refusal(refused))
    except Unauthenticated as reason:
        return answers.unauthenticated(reason)
    except Exception:  # noqa: BLE001 - a client of SCIM gets an error of SCIM, whatever broke
        _log.exception("A SCIM request failed", extra={"method": request.method, "path": request.path})
        sentence = (
            "Provisor failed to answer. Nothing is known to have changed; the log of the server says more."
        )
        return answers.error(ScimError(500, detail=sentence))


def _answer(route: Route, request: HttpRequest, parts: dict[str, str]) -> HttpResponse:
    method = "GET" if request.method == "HEAD" else request.method or ""
    operation = route.operations.get(method)
    if operation is None:
        principal_of(request)
        return _not_allowed(route, method)
    principal = _permitted(request, operation)
    return operation.handler(Exchange(request=request, principal=principal), **parts)


def _permitted(request: HttpRequest, operation: Operation) -> Principal | None:
    if operation.permission is None:
        return None
    principal = principal_of(request)
    if not principal.may(operation.permission):
        raise ScimError(
            403,
            detail=f'The role "{principal.role}" does not have the permission "{operation.permission}" that this '
            "needs. Use a token with another role.",
        )
    return principal


def _not_allowed(route: Route, method: str) -> HttpResponse:
    allowed = ", ".join(sorted(route.operations))
    problem = ScimError(405, detail=f'The method "{method}" does not work here. Use one of: {allowed}.')
    answer = answers.error(problem)
    answer["Allow"] = allowed
    return answer


def not_found(exchange: Exchange, **_parts: str) -> NoReturn:
    """The handler of every address below /scim/v2 that is none."""
    raise ScimError(
        404,
        detail=f'There is nothing at "{exchange.request.path[:200]}". See /ResourceTypes for the addresses.',
    )
