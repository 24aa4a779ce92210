"""What an application reads to set itself up (OpenID Connect Discovery 1.0, section 3). Only what is offered is said."""

from allauth.idp.oidc import app_settings
from allauth.idp.oidc.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from provisor.applications.single_sign_on import SCOPES

#: Seconds for which an application may keep it.
_AGE = 3600


@login_not_required
@require_safe
def discovery(_request: HttpRequest) -> JsonResponse:
    """Where everything is, on the public address."""
    issuer = get_adapter().get_issuer()
    addresses = {
        "authorization_endpoint": "idp:oidc:authorization",
        "token_endpoint": "idp:oidc:token",
        "userinfo_endpoint": "idp:oidc:userinfo",
        "revocation_endpoint": "idp:oidc:revoke",
        "jwks_uri": "idp:oidc:jwks",
    }
    document = {
        "issuer": issuer,
        **{name: f"{issuer}{reverse(address)}" for name, address in addresses.items()},
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": list(app_settings.AUTH_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
    }
    return JsonResponse(document, headers={"Cache-Control": f"public, max-age={_AGE}"})
