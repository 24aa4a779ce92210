"""Which applications the request that is being answered may know of, asked by everything that lists rows of applications.

It travels with the request and not through every signature, so that a list deep inside a page cannot forget it halfway. Without a
request (the engine, commands) nothing is narrowed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from provisor.access.models import Account
from provisor.access.principals import looked_after

_Row = TypeVar("_Row", bound=Model)
_bounds: Final[ContextVar[frozenset[UUID] | None]] = ContextVar("provisor_bounds", default=None)


@contextmanager
def narrowed_to(applications: frozenset[UUID] | None) -> Iterator[None]:
    """Show rows of these applications only; None shows all."""
    before = _bounds.set(applications)
    try:
        yield
    finally:
        _bounds.reset(before)


def known(rows: QuerySet[_Row], field: str = "application_id") -> QuerySet[_Row]:
    """The rows whose application the asker looks after; `field` leads to the application's id."""
    bounds = _bounds.get()
    return rows if bounds is None else rows.filter(**{f"{field}__in": bounds})


def knows(application: UUID | None) -> bool:
    """Whether the asker looks after the application; what belongs to none is known to everybody."""
    bounds = _bounds.get()
    return bounds is None or application is None or application in bounds


def bounded() -> frozenset[UUID] | None:
    """The applications that the asker looks after; None for all."""
    return _bounds.get()


class Narrowing:
    """Middleware: a page shows the applications that the person looks after. The interfaces narrow by their tokens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with narrowed_to(_of(request)):
            return self._get_response(request)


def _of(request: HttpRequest) -> Any:
    """A request without a session cookie costs no query."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Account):
        return None
    return looked_after(request.user)
