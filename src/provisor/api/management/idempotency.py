"""`Idempotency-Key` on POST: a repeated request is not done again, its answer is given again, for 24 hours."""

import hmac
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from provisor.api.bearer import principal_of
from provisor.api.management.problems import Problem
from provisor.api.models import KeptAnswer

KEPT: Final = timedelta(hours=24)
#: A request that has not been answered for so long died with its process; its key is free again.
ABANDONED: Final = timedelta(minutes=10)
KEY_LENGTH: Final = 255
_KEPT_HEADERS: Final = ("Content-Type", "ETag", "Location", "Link")
_SUCCESS: Final = range(200, 300)


def once(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do `work` unless this caller has had the same request with the same key answered; then answer that again.

    Only answers of success are kept: a refused request may be sent again under its key. Raises `Problem`:
    400 for a bad key, 409 while the first is at work, 422 when the key belongs to another request.
    """
    key = request.headers["Idempotency-Key"]
    if not 0 < len(key) <= KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Problem(
            400, "unreadable", f"An Idempotency-Key is 1 to {KEY_LENGTH} printable ASCII characters."
        )
    token = principal_of(request).token
    caller = str(token.pk) if token else ""
    fingerprint = _fingerprint(request)
    kept = _claim(caller, key, fingerprint)
    if kept is not None:
        return _again(kept, fingerprint)
    return _done(caller, key, work)


def _claim(caller: str, key: str, fingerprint: str) -> KeptAnswer | None:
    """Take the key, or find who has it."""
    now = timezone.now()
    KeptAnswer.objects.filter(at__lt=now - KEPT).delete()
    KeptAnswer.objects.filter(caller=caller, key=key, status=None, at__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            KeptAnswer.objects.create(caller=caller, key=key, fingerprint=fingerprint, at=now)
    except IntegrityError:
        return KeptAnswer.objects.get(caller=caller, key=key)
    return None


def _done(caller: str, key: str, work: Callable[[], HttpResponse]) -> HttpResponse:
    mine = KeptAnswer.objects.filter(caller=caller, key=key)
    try:
        response = work()
    except BaseException:
        mine.delete()
        raise
    # what is shown once is not kept: a token stands in its answer
    if response.status_code in _SUCCESS and response.get("Cache-Control") != "no-store":
        headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
        mine.update(status=response.status_code, headers=headers, body=response.content)
    else:
        mine.delete()
    return response


def _again(kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    if not hmac.compare_digest(kept.fingerprint, fingerprint):
        detail = "This Idempotency-Key was used for another request within 24 hours. Make a new key for each request."
        raise Problem(422, "key-reused", detail)
    if kept.status is None:
        raise Problem(
            409, "not-now", "The first request with this Idempotency-Key is still at work. Ask again later."
        )
    response = HttpResponse(bytes(kept.body), status=kept.status)
    del response["Content-Type"]
    for name, value in kept.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: HttpRequest) -> str:
    """A keyed digest: the body may hold secrets, which a plain one would let others guess at."""
    parts = (request.method or "", request.get_full_path(), sha256(request.body).hexdigest())
    key = f"provisor.api.idempotency:{settings.SECRET_KEY}".encode()
    return hmac.new(key, "\n".join(parts).encode(), "sha256").hexdigest()
