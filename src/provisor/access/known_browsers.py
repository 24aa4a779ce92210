"""A browser in which an account has signed in shows it by a signed cookie, and is not locked out with strangers."""

import hashlib
import secrets
from typing import Final

from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from provisor.access.lockout import Source

_SALT: Final = "provisor known browser"
_AGE: Final = 365 * 24 * 60 * 60


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser know that this account has signed in here; nothing when it knows."""
    if not _value(request, email):
        secure = settings.SESSION_COOKIE_SECURE
        response.set_signed_cookie(
            _name(email), secrets.token_urlsafe(16), salt=_salt(email),
            max_age=_AGE, secure=secure, httponly=True, samesite="Lax",
        )  # fmt: skip


def source_of(request: HttpRequest, email: str) -> Source:
    """Where a try for this e-mail address comes from."""
    known = _value(request, email)
    return (
        Source(name=f"browser {known}", known=True) if known else Source(name=_address(request), known=False)
    )


def _value(request: HttpRequest, email: str) -> str:
    return str(request.get_signed_cookie(_name(email), "", salt=_salt(email), max_age=_AGE) or "")


def _address(request: HttpRequest) -> str:
    return str(truncate_ip(get_client_ip(request) or ""))


def _name(email: str) -> str:
    """One cookie for each account, without its address in clear."""
    prefix = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
    return f"{prefix}provisor-known-{hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]}"


def _salt(email: str) -> str:
    return f"{_SALT} {email.strip().lower()}"
