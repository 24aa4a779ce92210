"""An application that signs people in by OpenID Connect: authorization code with PKCE, judged with PyJWT."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from django.test import Client

ISSUER = "http://localhost"
REDIRECT = "https://wiki.example/oidc/callback?tenant=1"


@dataclass
class RelyingParty:
    """It knows its id and secret, and what discovery says; it holds no key of ours."""

    client_id: str
    secret: str
    redirect: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    server: Client = field(default_factory=lambda: Client(SERVER_NAME="localhost"))

    def discovery(self) -> dict[str, Any]:
        document: dict[str, Any] = self.server.get("/.well-known/openid-configuration").json()
        return document

    def request(self, **more: str | None) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "client_id": self.client_id, "response_type": "code", "redirect_uri": self.redirect,
            "scope": "openid profile email", "state": self.state, "nonce": self.nonce,
            "code_challenge": challenge.decode(), "code_challenge_method": "S256", **more,
        }  # fmt: skip
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, browser: Client, **more: str | None) -> Any:
        """Send the person's browser to the authorization endpoint; what it answers, without following it."""
        return browser.get(self._path("authorization_endpoint"), self.request(**more))

    def answer(self, response: Any) -> dict[str, str]:
        """What came back at the redirect address."""
        location = response.headers["Location"]
        assert location.startswith(self.redirect), location
        found = parse_qs(urlsplit(location).query)
        assert found.get("state") == [self.state]
        return {name: values[0] for name, values in found.items()}

    def exchange(self, code: str, **more: str) -> Any:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect}
        return self._ask_token({**given, "code_verifier": self.verifier, **more})

    def refresh(self, token: str) -> Any:
        return self._ask_token({"grant_type": "refresh_token", "refresh_token": token})

    def userinfo(self, token: str) -> Any:
        return self.server.get(self._path("userinfo_endpoint"), headers={"Authorization": f"Bearer {token}"})

    def verified(self, id_token: str) -> dict[str, Any]:
        """The claims of an ID token, once PyJWT has judged signature, issuer, audience and times."""
        known = jwt.PyJWKSet.from_dict(self.server.get(self._path("jwks_uri")).json())
        key = known[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token, key, algorithms=["RS256"], audience=self.client_id, issuer=self.discovery()["issuer"],
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )  # fmt: skip
        return claims

    def _ask_token(self, given: dict[str, str]) -> Any:
        basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        return self.server.post(
            self._path("token_endpoint"), given, headers={"Authorization": f"Basic {basic}"}
        )

    def _path(self, name: str) -> str:
        address = self.discovery()[name]
        assert address.startswith(ISSUER)
        return address.removeprefix(ISSUER)
