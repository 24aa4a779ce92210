"""The description of the interface (OpenAPI), made once: it says the same to everybody."""

from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotAllowed
from ninja import NinjaAPI

from provisor.api.management.mounting import PROBLEMS


def description_of(api: NinjaAPI) -> dict[str, Any]:
    """The description of all operations that are mounted, as OpenAPI 3.1 writes it."""
    whole: dict[str, Any] = api.get_openapi_schema()
    whole["components"]["responses"] = PROBLEMS
    return whole


def describer(api: NinjaAPI) -> Callable[[HttpRequest], HttpResponse]:
    """A view that answers with the description of `api`, to GET and HEAD."""

    @cache
    def described() -> bytes:
        return orjson.dumps(description_of(api), option=orjson.OPT_NON_STR_KEYS)

    def describe(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return HttpResponse(described(), content_type="application/json")

    return describe
