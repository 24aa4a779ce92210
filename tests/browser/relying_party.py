"""An application with a page of its own: a launch address, and single sign-on by OpenID Connect with PyJWT as the judge."""

import base64
import hashlib
import json
import secrets
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt


@dataclass
class Wiki:
    """The application: `/start` greets everybody, `/login` signs in, `/callback` greets whom PyJWT believes."""

    port: int = 0
    issuer: str = ""
    client_id: str = ""
    secret: str = ""
    signed_in: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _verifiers: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def login(self) -> str:
        """Where the person's browser is sent."""
        state, verifier = secrets.token_urlsafe(8), secrets.token_urlsafe(48)
        self._verifiers[state] = verifier
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "client_id": self.client_id, "response_type": "code", "redirect_uri": f"{self.address}/callback",
            "scope": "openid profile email", "state": state, "nonce": state,
            "code_challenge": challenge.decode(), "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self._discovery()['authorization_endpoint']}?{urlencode(asked)}"

    def callback(self, query: dict[str, list[str]]) -> str:
        """What the page says once the code was exchanged and the ID token judged."""
        if "error" in query:
            self.errors.append(query["error"][0])
            return f"No sign-in: {query['error'][0]}"
        (state,), (code,) = query["state"], query["code"]
        claims = self._verified(self._exchange(code, self._verifiers.pop(state))["id_token"])
        assert claims["nonce"] == state
        self.signed_in.append(claims)
        return f"Hello {claims['name']}"

    def _discovery(self) -> dict[str, Any]:
        return _read(f"{self.issuer}/.well-known/openid-configuration")

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        given = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": f"{self.address}/callback",
            "code_verifier": verifier, "client_id": self.client_id, "client_secret": self.secret,
        }  # fmt: skip
        return _read(self._discovery()["token_endpoint"], urlencode(given).encode())

    def _verified(self, id_token: str) -> dict[str, Any]:
        known = jwt.PyJWKSet.from_dict(_read(self._discovery()["jwks_uri"]))
        key = known[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token, key, algorithms=["RS256"], audience=self.client_id, issuer=self.issuer
        )
        return claims


@contextmanager
def wiki() -> Iterator[Wiki]:
    """The application, for as long as the context lasts."""
    application = Wiki()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/login":
                return self._answer(302, "", {"Location": application.login()})
            said = application.callback(parse_qs(parts.query)) if parts.path == "/callback" else "Welcome"
            return self._answer(200, f"<!doctype html><title>{said}</title><h1>{said}</h1>", {})

        def _answer(self, status: int, body: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    application.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield application
    server.shutdown()
    server.server_close()
    thread.join()


def _read(address: str, body: bytes | None = None) -> dict[str, Any]:
    with urllib.request.urlopen(address, body, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
