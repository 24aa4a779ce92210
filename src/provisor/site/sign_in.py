"""Every page needs sign-in unless it says otherwise."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
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
        return _to_sign_in(request, answer) if answer is not None else None


def _to_sign_in(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """Lead back to the page that was open: a part of it brings it to the sign-in as a whole; a form returns to where it was filled in.

    The address that a form is sent to may be no page.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(_address(request.headers.get("HX-Current-URL", "/")))
    filled_in = request.headers.get("Referer", "")
    if request.method == "POST" and urlsplit(filled_in).netloc == request.get_host():
        return redirect(_address(filled_in))
    return answer


def _address(page: str) -> str:
    """Of the sign-in, with the way back to this page."""
    parts = urlsplit(page)
    shown = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': shown})}"


def only_with_mail(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Leave out a way to sign in that needs e-mail where none can leave."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def offered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_IS_SET:
            raise Http404
        return view(request, *args, **kwargs)

    return offered
