"""Tokens and userinfo: django-allauth's endpoints, behind a look at whether the person may still be there."""

from typing import Final

from allauth.idp.oidc import views
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from provisor.access.single_sign_on import live_token, take

#: The longest token or code that is looked up.
_LONGEST: Final = 512
_CODE, _REFRESH = Client.GrantType.AUTHORIZATION_CODE.value, Client.GrantType.REFRESH_TOKEN.value


@csrf_exempt
@login_not_required
@require_POST
def token(request: HttpRequest) -> HttpResponseBase:
    """Exchange a code once, or renew while the person may have the application (RFC 6749, sections 4.1.3 and 6)."""
    grant, code = request.POST.get("grant_type", ""), request.POST.get("code", "")
    refresh = request.POST.get("refresh_token", "")
    if grant not in {_CODE, _REFRESH}:
        return _refused("unsupported_grant_type", "Only authorization_code and refresh_token are offered.")
    if grant == _CODE and not (len(code) <= _LONGEST and take(code)):
        return _refused("invalid_grant", "The code is unknown, too old, or was used before.")
    if grant == _REFRESH and not (len(refresh) <= _LONGEST and live_token(Token.Type.REFRESH_TOKEN, refresh)):
        return _refused("invalid_grant", "The token has ended, or its person may not be signed in any more.")
    answer: HttpResponseBase = views.token(request)
    return answer


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponseBase:
    """Say who the person is, to who carries a token in the header (OpenID Connect Core 1.0, section 5.3)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    carried = value.strip() if scheme.lower() == "bearer" else ""
    if not carried or len(carried) > _LONGEST or live_token(Token.Type.ACCESS_TOKEN, carried) is None:
        challenge = 'Bearer error="invalid_token"' if carried else "Bearer"
        return JsonResponse({"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": challenge})
    answer: HttpResponseBase = views.user_info(request)
    return answer


@csrf_exempt
@login_not_required
@require_POST
def revoke(request: HttpRequest) -> HttpResponseBase:
    """End a token (RFC 7009)."""
    answer: HttpResponseBase = views.revoke(request)
    return answer


@login_not_required
@require_GET
def keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys, the next one included."""
    answer: HttpResponseBase = views.jwks(request)
    return answer


def _refused(error: str, description: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=400)
