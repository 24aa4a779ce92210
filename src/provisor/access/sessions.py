"""When a session ends: with its account, after a day's work, or left alone."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_SIGNED_IN_AT = "signed_in_at"
_SEEN_AT = "seen_at"
#: A session in use is saved this often, in seconds, so that it does not count as idle; not at each request.
_SEEN_EVERY = 300


def begin(sender: object, request: HttpRequest, **_: Any) -> None:  # noqa: ARG001 - the form of a Django signal
    """Note when somebody signed in. Receiver of Django's `user_logged_in`."""
    now = int(time.time())
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = now


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
