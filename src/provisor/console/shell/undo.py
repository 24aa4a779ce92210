"""Undo: an act says with its notice how it is taken back. The address that takes it back is in `taking_back`."""

from collections.abc import Callable
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

#: Seconds for which an act can be taken back from its notice.
LIFETIME: Final = 3600
_SALT: Final = "provisor.console.undo"

#: Takes an act back, checking the permission itself; returns a sentence on what was done. May raise a refusal of a room below.
Act = Callable[[HttpRequest, dict[str, Any]], str]
_acts: dict[str, Act] = {}
#: Acts that ask for a fresh proof of who one is, as what they take back does.
_dangerous: set[str] = set()


def register(name: str, act: Act, *, dangerous: bool = False) -> None:
    """Make an act known; called once, where the act's views are defined."""
    _acts[name] = act
    if dangerous:
        _dangerous.add(name)


def seal(request: HttpRequest, name: str, needs: dict[str, Any]) -> str:
    """Return a signed value which only this account can use, and only for `LIFETIME`."""
    if name not in _acts:
        raise ValueError(f'"{name}" is not registered as an act that can be taken back.')
    value = {"act": name, "needs": needs, "account": str(request.user.pk)}
    return signing.dumps(value, salt=_SALT, compress=True)


def opened(request: HttpRequest) -> tuple[Act, dict[str, Any]] | None:
    """The act of the sealed value in the form, and what it needs; None when it is too late, or somebody else's."""
    value = _sealed(request)
    act = _acts.get(value.get("act", ""))
    return (act, value["needs"]) if act and value["account"] == str(request.user.pk) else None


def is_dangerous(request: HttpRequest) -> bool:
    """Whether the act is one for which its sender has to prove anew who they are."""
    return _sealed(request).get("act") in _dangerous


def _sealed(request: HttpRequest) -> dict[str, Any]:
    try:
        value: dict[str, Any] = signing.loads(request.POST.get("undo", ""), salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return {}
    return value


def came_from(request: HttpRequest, otherwise: str = "/") -> str:
    """The page of this site that the request was made on: `next` of the form, or the referrer."""
    for address in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(
            address, {request.get_host()}, require_https=request.is_secure()
        ):
            return address
    return otherwise
