"""A small OpenID Connect provider on loopback: discovery, authorisation code with PKCE (S256), signed tokens, keys.

It approves at once, in the name of `subject`, and has a switch for each vice.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.sinks import _serving

CLIENT, SECRET = "provisor", "a client secret of the provider"


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OpenIdProvider:
    """What it says. Each request is in `asked`."""

    issuer: str = ""
    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict)
    #: Vices: it names another issuer, signs with a key that it does not publish, answers for another client.
    says_issuer: str = ""
    signs_with: rsa.RSAPrivateKey = field(default_factory=_key)
    publishes: rsa.RSAPrivateKey | None = None
    audience: str = CLIENT
    redirects_token: bool = False
    denies: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": self.says_issuer or at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "userinfo_endpoint": f"{at}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def keys(self) -> dict[str, Any]:
        public = (self.publishes or self.signs_with).public_key()
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
        return {"keys": [{**found, "kid": "1", "alg": "RS256", "use": "sig"}]}

    def approve(self, query: dict[str, str]) -> str:
        """Where the browser is sent after it has asked."""
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        if self.denies:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code, once, for who knows the client secret and the verifier of the challenge."""
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._id_token()}

    def _id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.says_issuer or self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "iat": now,
            "exp": now + 60,
            **self.claims,
        }
        return jwt.encode(claims, self.signs_with, algorithm="RS256", headers={"kid": "1"})


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider for as long as the context lasts."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(("GET", parts.path))
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                return self._redirect(provider.approve(query))
            pages = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
            return self._say(200, pages[parts.path]()) if parts.path in pages else self._say(404, {})

        def do_POST(self) -> None:
            provider.asked.append(("POST", self.path))
            if provider.redirects_token:
                return self._redirect(f"{provider.issuer}/keys")
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            return self._say(*provider.token(form, self.headers.get("Authorization", "")))

        def _redirect(self, to: str) -> None:
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _say(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The tests look for themselves."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        with _serving(server):
            yield provider
