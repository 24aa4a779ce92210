"""Every page needs sign-in unless it says otherwise."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: Addresses that authenticate by token, on their own and with their own errors.
TOKEN_PREFIXES = ("/api/v1/", "/scim/v2/")


class SignInRequired(LoginRequiredMiddleware):
    """Django's middleware, which leaves alone the two APIs. A new page that forgets its guard is still closed."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if request.path_info.startswith(TOKEN_PREFIXES):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
