"""Who calls: the `Authorization: Bearer` header of RFC 6750, and nothing else. Cookies are not looked at."""

from typing import Final

from django.http import HttpRequest

from provisor.access.principals import Principal
from provisor.access.tokens import authenticate

REALM: Final = "provisor"
TOKEN_LIMIT: Final = 512
#: Where a request keeps the principal that was found for it.
_KNOWN: Final = "provisor_principal"


class Unauthenticated(Exception):  # noqa: N818 - the name of the state, as HTTP calls it
    """No token, or one that is unknown, expired or revoked: which of these is not told apart outward."""

    def __init__(self, *, presented: bool) -> None:
        super().__init__(presented)
        self.presented = presented

    @property
    def sentence(self) -> str:
        if self.presented:
            return "The bearer token is unknown, expired or revoked. Make a new one and send that."
        return 'This needs a token. Send the header "Authorization: Bearer prv_...".'

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate` (RFC 6750, 3)."""
        error = ', error="invalid_token"' if self.presented else ""
        return f'Bearer realm="{REALM}"{error}'


def principal_of(request: HttpRequest) -> Principal:
    """The person and role behind the request's token, looked up once. Raises `Unauthenticated`."""
    known: Principal | None = request.__dict__.get(_KNOWN)
    if known is not None:
        return known
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(presented=False)
    principal = authenticate(token) if len(token) <= TOKEN_LIMIT else None
    if principal is None:
        raise Unauthenticated(presented=True)
    request.__dict__[_KNOWN] = principal
    return principal
