"""Undo: an act says with its notice how it is taken back, and one address takes it back."""

from collections.abc import Callable
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from provisor.access.permissions import Permission
from provisor.console.guard import confirmed_where, requires

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


def _sealed(request: HttpRequest) -> dict[str, Any]:
    try:
        value: dict[str, Any] = signing.loads(request.POST.get("undo", ""), salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return {}
    return value


def _is_dangerous(request: HttpRequest) -> bool:
    return _sealed(request).get("act") in _dangerous


@require_POST
@requires(Permission.READ)
@confirmed_where(_is_dangerous)
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the act of the sealed value, and return to the page that the person was on."""
    from provisor.console import notices
    from provisor.console.refusals import REFUSALS, sentence_of

    value = _sealed(request)
    if value.get("account") != str(request.user.pk) or value.get("act") not in _acts:
        notices.refused(request, _("It is too late to undo this from here. Nothing was changed."))
    else:
        try:
            notices.done(request, _acts[value["act"]](request, value["needs"]))
        except REFUSALS as refusal:
            notices.refused(request, sentence_of(refusal))
    return redirect(came_from(request))


def came_from(request: HttpRequest, otherwise: str = "/") -> str:
    """The page of this site that the request was made on: `next` of the form, or the referrer."""
    for address in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(
            address, {request.get_host()}, require_https=request.is_secure()
        ):
            return address
    return otherwise
