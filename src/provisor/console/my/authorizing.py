"""Single sign-on for the person who is sent here: the policy is met first, then django-allauth gives out the code."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.idp.oidc.views import authorization
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from provisor.access.models import Account
from provisor.access.openings import Standing, record_opening, standing
from provisor.access.refused_openings import record_out_of_scope, record_too_weak
from provisor.access.single_sign_on import RequestRefusedError, SignOnRequest, read_request, remember
from provisor.console.my.views import led
from provisor.console.nearby import with_query

#: By which door, for records.
_BY = "openid-connect"
_REFUSED, _NOT_YOURS = 400, 404
#: With `prompt=login` a proof of the last minute counts: it is what the person was just asked for.
_JUST_NOW = 60


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponseBase:
    """The authorization endpoint (OpenID Connect Core 1.0, section 3.1.2). A POST is asked again as GET."""
    if request.method == "POST":
        return redirect(f"{request.path}?{request.POST.urlencode()}")
    try:
        asked = read_request(request.GET)
    except RequestRefusedError as refused:
        context = {"sentence": str(refused)}
        return render(request, "console/my/sign_on_refused.html", context, status=_REFUSED)
    silent = "none" in asked.prompts
    if not request.user.is_authenticated:
        return _back(asked, request, "login_required") if silent else _to_sign_in(request)
    assert isinstance(request.user, Account)
    found = standing(request, asked.application_id, within=_within(asked))
    if found is None:
        record_out_of_scope(request.user, asked.application_id, through=_BY)
        return _back(asked, request, "access_denied") if silent else _not_yours(request)
    if not found.is_enough:
        record_too_weak(request.user, found, through=_BY)
        return (
            _back(asked, request, "interaction_required") if silent else led(request, found, _onward(request))
        )
    return _given(request, found)


def _within(asked: SignOnRequest) -> timedelta | None:
    ages = [
        age for age in (asked.max_age, _JUST_NOW if "login" in asked.prompts else None) if age is not None
    ]
    return timedelta(seconds=max(min(ages), 1)) if ages else None


def _onward(request: HttpRequest) -> str:
    """Back to here by a page of its own: a form may lead to no other site, and the answer goes to one."""
    return with_query(reverse("onward"), to=request.get_full_path())


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect(with_query(resolve_url(settings.LOGIN_URL), next=_onward(request)))


def _not_yours(request: HttpRequest) -> HttpResponse:
    return render(request, "console/my/not_yours.html", status=_NOT_YOURS)


def _back(asked: SignOnRequest, request: HttpRequest, error: str) -> HttpResponse:
    """Tell the application that it cannot be done without a word with the person (section 3.1.2.6)."""
    told = {"error": error} | ({"state": request.GET["state"]} if "state" in request.GET else {})
    joint = "&" if "?" in asked.redirect_uri else "?"
    return HttpResponse(status=302, headers={"Location": f"{asked.redirect_uri}{joint}{urlencode(told)}"})


def _given(request: HttpRequest, found: Standing) -> HttpResponseBase:
    """Let django-allauth answer, and record the sign-in when it gave a code."""
    _has_prompted(request)
    answer: HttpResponseBase = authorization(request)
    codes = parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", [])
    if codes:
        assert isinstance(request.user, Account)
        with transaction.atomic():
            record_opening(request.user, found, through=_BY)
        remember(codes[0], found)
    return answer


def _has_prompted(request: HttpRequest) -> None:
    """Take the prompts out: what they ask for was done, and consent is the administrator's to give."""
    left = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True)
    left.pop("prompt", None)
    request.META["QUERY_STRING"] = left.urlencode()
    request.GET = left  # type: ignore[assignment]  # nobody changes it after this
