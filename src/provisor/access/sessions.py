"""When a session ends: with its account, after a day's work, or left alone."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from provisor.access.methods import read

_SIGNED_IN_AT = "signed_in_at"
_SEEN_AT = "seen_at"
_ADDRESS = "address"
_BROWSER = "browser"
_LONGEST_BROWSER = 300
#: A session in use is saved this often, in seconds, so that it does not count as idle; not at each request.
_SEEN_EVERY = 300


def begin(sender: object, request: HttpRequest, **_: Any) -> None:  # noqa: ARG001 - the form of a Django signal
    """Note when somebody signed in. Receiver of Django's `user_logged_in`."""
    now = int(time.time())
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = now
    request.session[_ADDRESS] = get_client_ip(request)
    request.session[_BROWSER] = request.META.get("HTTP_USER_AGENT", "")[:_LONGEST_BROWSER]


def describe(row: Any, content: dict[str, Any]) -> None:
    """Write into the row of a session what its account is shown of it: taken from its content, so it is always true."""
    row.account_id = content.get(SESSION_KEY)
    # A name for addresses that is not the key, and the same with each save.
    row.public_id = UUID(hex=hashlib.sha256(f"public {row.session_key}".encode()).hexdigest()[:32])
    row.signed_in_at, row.seen_at = _time(content, _SIGNED_IN_AT), _time(content, _SEEN_AT)
    row.address, row.browser = content.get(_ADDRESS), content.get(_BROWSER, "")
    row.methods = ",".join(sorted(read(content.get(AUTHENTICATION_METHODS_SESSION_KEY) or ()).methods))


def _time(content: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromtimestamp(content[name], UTC) if name in content else None


class SessionEnds:
    """Ends the session of an account that may not sign in any more, at its next request.

    `request.user` is read for that: one query for the account with its directory user, which the page needs
    anyway. A request without a session cookie costs nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _end_or_note(request)
        return self._get_response(request)


def _end_or_note(request: HttpRequest) -> None:
    now = int(time.time())
    if not request.user.is_authenticated or _too_old(request.session, now):
        logout(request)
    elif now - _moment(request.session, _SEEN_AT) >= _SEEN_EVERY:
        request.session[_SEEN_AT] = now


def _too_old(session: SessionBase, now: int) -> bool:
    return now - _moment(session, _SIGNED_IN_AT) >= settings.SESSION_ABSOLUTE_AGE


def _moment(session: SessionBase, name: str) -> int:
    """Unix seconds; a session without the mark counts as old as can be."""
    return int(session.get(name, 0))
