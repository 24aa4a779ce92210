"""Every page needs sign-in unless it says otherwise."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

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
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        return _whole_page(request, answer) if answer is not None else None


def _whole_page(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """A part of a page that finds nobody signed in brings the whole page to the sign-in, and back to itself."""
    if request.headers.get("HX-Request") != "true":
        return answer
    page = urlsplit(request.headers.get("HX-Current-URL", "/"))
    shown = f"{page.path}?{page.query}" if page.query else page.path
    return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': shown})}")


def only_with_mail(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Leave out a way to sign in that needs e-mail where none can leave."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def offered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_IS_SET:
            raise Http404
        return view(request, *args, **kwargs)

    return offered
