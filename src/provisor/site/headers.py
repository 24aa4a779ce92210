"""Security headers on every answer, those of static files, errors and the APIs included."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: No inline script or style, nothing from elsewhere, nobody frames us (ASVS 3.4.3, 3.4.6).
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
    ),
}


class SecurityHeaders:
    """Outermost middleware: whatever answers further in, its answer passes here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if settings.HSTS_SECONDS:
            response.headers["Strict-Transport-Security"] = (
                f"max-age={settings.HSTS_SECONDS}; includeSubDomains"
            )
        # What is behind sign-in stays in no cache; static files say themselves how long they last.
        response.headers.setdefault("Cache-Control", "no-store")
        return response
