"""The addresses of the management interface, each behind one door that speaks in problems."""

from collections.abc import Callable
from typing import Final, NoReturn

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from provisor.access.narrowing import narrowed_to
from provisor.api.bearer import Unauthenticated
from provisor.api.documents import MediaTypes, announced_length
from provisor.api.management.caller import caller_of
from provisor.api.management.description import describer
from provisor.api.management.idempotency import once
from provisor.api.management.interface import as_problem, make, unauthenticated
from provisor.api.management.problems import Problem

_View = Callable[..., HttpResponse]

_MEDIA: Final = MediaTypes(accepted=frozenset({"application/json"}))
#: The description is public, as the source is. The name is django-ninja's.
_PUBLIC: Final = frozenset({"openapi-json"})

interface: Final = make()


def urlpatterns(root: str) -> list[URLPattern | URLResolver]:
    """The routes below `root`, which has no slash at either end; whatever else is there is a problem 404."""
    patterns, app_name, namespace = interface.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            public = pattern.name in _PUBLIC
            pattern.callback = _door(describer(interface) if public else pattern.callback, public=public)
    return [
        path(f"{root}/", (patterns, app_name, namespace)),
        re_path(rf"^{root}", _door(_nowhere)),
    ]


def _door(view: _View, *, public: bool = False) -> _View:
    @login_not_required
    @csrf_exempt
    def enter(request: HttpRequest, **parts: str) -> HttpResponse:
        try:
            applications = None if public else caller_of(request).applications
            with narrowed_to(applications):
                return _answered(request, lambda: view(request, **parts))
        except Unauthenticated as reason:
            return unauthenticated(reason)
        except Exception as error:  # noqa: BLE001 - a caller gets a problem, whatever broke
            return as_problem(error).answer()

    return enter


def _answered(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    if any("\x00" in value for value in request.GET.values()):
        raise Problem(400, "unreadable", "A parameter of the address contains the NUL character. Remove it.")
    if announced_length(request):
        _MEDIA.check(request)
    repeatable = request.method == "POST" and "Idempotency-Key" in request.headers
    response = once(request, work) if repeatable else work()
    return _not_allowed(request, response) if response.status_code == 405 else response  # noqa: PLR2004 - an HTTP status


def _not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    allowed = ", ".join(sorted(response["Allow"].split(", ")))
    detail = f'The method "{request.method}" does not work here. Use one of: {allowed}.'
    problem = Problem(405, "method-not-allowed", detail).answer()
    problem["Allow"] = allowed
    return problem


def _nowhere(_request: HttpRequest, **_parts: str) -> NoReturn:
    raise Http404
