"""The management interface as django-ninja mounts it: its routers, its reader of bodies, and its errors."""

import logging
from collections.abc import Callable
from typing import Any, Final, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from provisor.access.refusal import AccessRefusal
from provisor.api.bearer import Unauthenticated
from provisor.api.documents import BODY_LIMIT, BodyRefused, parse, within_limit
from provisor.api.management import (
    access,
    accounts,
    acts,
    applications,
    connections,
    findings,
    holds,
    known,
    links,
    notices,
    policies,
    records,
    refusals,
    sign_in,
    tokens,
)
from provisor.api.management.problems import Problem
from provisor.applications.refusals import ConfigurationRefusal
from provisor.directory.refusal import DirectoryRefusal
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.operations import OperationRefused

_log: Final = logging.getLogger(__name__)
_DESCRIPTION: Final = (
    "Applications, policies, links and runs of Provisor. Users and groups are managed through SCIM 2.0 at /scim/v2. "
    "Lists are {items, next}; errors are RFC 9457 problems; ETag and If-Match guard changes; Idempotency-Key makes a "
    "POST safe to repeat for 24 hours."
)


class BoundedParser(Parser):
    """Reads JSON as strictly as the SCIM interface does."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parse(within_limit(request.body))


def make() -> NinjaAPI:
    """The interface with its routes. There is no page of documentation: the console links to the description."""
    api = NinjaAPI(
        title="Provisor management API",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        urls_namespace="api-v1",
        parser=BoundedParser(),
    )
    for room in (
        applications,
        connections,
        known,
        acts,
        findings,
        holds,
        links,
        policies,
        records,
        access,
        notices,
        sign_in,
        accounts,
        tokens,
    ):
        api.add_router("", room.router)
    # Instead of django-ninja's own handlers: whatever is raised ends at one door.
    for kind in (Exception, HttpError, ValidationError, Http404):
        api.add_exception_handler(kind, _raise)
    return api


def _raise(_request: HttpRequest, error: Exception | type[Exception]) -> NoReturn:
    raise error


def as_problem(error: BaseException) -> Problem:
    """What went wrong as a problem; what nobody foresaw is logged, and tells the caller nothing."""
    for kind, problem_of in _FORESEEN:
        if isinstance(error, kind):
            return problem_of(error)
    _log.error("A request of the management interface failed", exc_info=error)
    return Problem(500, "failed", "Nothing is known to have changed; the log of the server says more.")


def _of_http(error: HttpError) -> Problem:
    """django-ninja wraps what the reader of bodies raises."""
    if error.__cause__ is not None:
        return as_problem(error.__cause__)
    return Problem(error.status_code, "unreadable", error.message)


_NOWHERE: Final = Problem(404, "not-found", "There is nothing at this address. See /api/v1/openapi.json.")
_TOO_LARGE: Final = Problem(413, "too-large", f"The body is larger than {BODY_LIMIT // 1024} KiB.")

#: What each error of the layers below means here.
_FORESEEN: Final[tuple[tuple[type[BaseException], Callable[[Any], Problem]], ...]] = (
    (Problem, lambda problem: problem),
    (AccessRefusal, refusals.of_access),
    (ConfigurationRefusal, refusals.of_configuration),
    (DirectoryRefusal, refusals.of_directory),
    (OperationRefused, refusals.of_operation),
    (MappingRefused, refusals.of_mapping),
    (ValidationError, lambda error: refusals.of_validation(error.errors)),
    (BodyRefused, refusals.of_body),
    (RequestDataTooBig, lambda _: _TOO_LARGE),
    (Http404, lambda _: _NOWHERE),
    (HttpError, _of_http),
)


def unauthenticated(reason: Unauthenticated) -> HttpResponse:
    answer = refusals.of_caller(reason).answer()
    answer["WWW-Authenticate"] = reason.challenge
    return answer
