"""Headers, health, metrics, static files, and that no page is open by mistake."""

import json
import re

import pytest
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from provisor.access import tokens
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.site import health
from provisor.site.headers import CONTENT_SECURITY_POLICY
from provisor.site.sign_in import TOKEN_PREFIXES
from tests.site.conftest import SECRET_KEY

#: Every address that answers without sign-in; a new one is a decision.
OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_request_login_code",
    "account_confirm_login_code",
    "ask-magic-link",
    "magic-link-sent",
    "magic-link",
    "socialaccount_login_cancelled",
    "openid_connect_login",
    "openid_connect_callback",
    "authorization",
    "configuration",
    "jwks",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "live",
    "ready",
    "metrics",
    "revoke",
    "token",
    "userinfo",
}
VALUES = {
    "int": "7",
    "slug": "x",
    "uuid": "01890000-0000-7000-8000-000000000000",
    "uidb36": "abc",
    "key": "abc-def",
}


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, path)
        else:
            found.append((path, pattern))
    return found


def _ours() -> list[tuple[str, URLPattern]]:
    tokens_only = tuple(prefix.strip("/") for prefix in TOKEN_PREFIXES)
    return [
        (path, one)
        for path, one in _routes(get_resolver().url_patterns)
        if not path.lstrip("^").startswith(tokens_only)
    ]


def _address(path: str) -> str:
    address = "/" + re.sub(r"<(\w+):\w+>", lambda found: VALUES[found[1]], path)
    return address.replace("^", "").replace("(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$", "abc-def/")


def test_every_route_needs_sign_in_unless_it_is_named_here(db: None):
    """Deny by default: an anonymous visitor is sent to sign-in from everywhere else."""
    client = Client(SERVER_NAME="localhost")
    for path, pattern in _ours():
        if pattern.name in OPEN:
            continue
        response = client.get(_address(path))
        assert response.status_code == 302, path
        assert response.headers["Location"].startswith("/accounts/login/"), path


def test_every_answer_carries_the_security_headers(db: None):
    """Pages, redirects, errors, static files, health and both APIs."""
    client = Client(SERVER_NAME="localhost")
    addresses = [_address(path) for path, _ in _ours()]
    addresses += ["/nowhere", "/static/console/console.css", "/api/v1/applications", "/scim/v2/Users"]
    for address in addresses:
        response = client.get(address)
        assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, address
        assert response.headers["X-Content-Type-Options"] == "nosniff", address
        assert response.headers["X-Frame-Options"] == "DENY", address
        assert response.headers["Referrer-Policy"] == "same-origin", address
        assert "Strict-Transport-Security" not in response.headers, address
        assert "Cache-Control" in response.headers, address


@override_settings(HSTS_SECONDS=31_536_000)
def test_https_installations_pin_https():
    """A year, as ASVS 3.4.1 asks."""
    response = Client(SERVER_NAME="localhost").get("/healthz/live")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_wrong_host_is_refused_with_headers_too():
    """The address in an e-mail or a redirect is never one that a stranger has chosen."""
    response = Client(SERVER_NAME="evil.example").get("/accounts/login/")
    assert response.status_code == 400
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_live_needs_no_database_and_no_known_host():
    """A platform asks it by the address of the container."""
    response = Client(SERVER_NAME="10.1.2.3").get("/healthz/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_ready_answers_when_the_schema_is_there(db: None, monkeypatch: pytest.MonkeyPatch):
    """200 once the database answers and no migration is missing."""
    monkeypatch.setattr(health._Schema, "complete", False)
    response = Client(SERVER_NAME="10.1.2.3").get("/healthz/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert health._Schema.complete


def test_ready_says_that_migrations_are_missing(db: None, monkeypatch: pytest.MonkeyPatch):
    """503 with the reason, so that no traffic comes before the schema."""
    monkeypatch.setattr(health._Schema, "complete", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'access'")
    response = Client(SERVER_NAME="localhost").get("/healthz/ready")
    assert response.status_code == 503
    assert "Migrations" in response.json()["reason"]


def test_ready_says_that_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    """503 with a fixed sentence: nothing of the error leaves."""

    def broken() -> None:
        raise DatabaseError("password canary")

    monkeypatch.setattr(connection, "cursor", broken)
    response = Client(SERVER_NAME="localhost").get("/healthz/ready")
    assert response.status_code == 503
    assert response.json()["reason"] == "The database does not answer."
    assert "canary" not in json.dumps(response.json())


def test_static_files_come_from_the_package_and_outside_of_it_nothing_does():
    """No sign-in, a type, a life in the cache; and no way up."""
    client = Client(SERVER_NAME="localhost")
    response = client.get("/static/console/console.css")
    assert response.headers["Content-Type"].startswith("text/css")
    assert "max-age=3600" in response.headers["Cache-Control"]
    assert b"--paper" in response.content
    assert client.get("/static/../site/settings.py").status_code == 404
    assert client.post("/static/console/console.css").status_code == 405


def test_metrics_need_a_token(owner: Account):
    """Nothing without one, nothing with a wrong one; a cookie does not count."""
    client = Client(SERVER_NAME="localhost")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer prv_wrong"}).status_code == 401
    client.force_login(owner)
    assert client.get("/metrics").status_code == 401


def test_metrics_count_applications_by_state(owner: Account, django_assert_max_num_queries):
    """Prometheus text, for a token that may read, in a handful of queries."""
    _, plain = tokens.issue(owner, "prometheus", "auditor", SYSTEM)
    client = Client(SERVER_NAME="localhost")
    with django_assert_max_num_queries(6):
        response = client.get("/metrics", headers={"Authorization": f"Bearer {plain}"})
    assert response.status_code == 200
    assert 'provisor_applications{state="well"} 0.0' in response.content.decode()


async def test_pages_and_static_files_are_served_under_asgi(async_client):
    """The real path: the middleware chain adapted to ASGI, without a warning."""
    response = await async_client.get("/static/console/console.css", headers={"host": "localhost"})
    assert response.status_code == 200
    assert (await async_client.get("/healthz/live", headers={"host": "localhost"})).status_code == 200


def test_r17_no_token_reaches_the_log_whichever_way_it_came(owner: Account, lines):
    """In the header, in the address, in the query, in the form; known or not."""
    _, plain = tokens.issue(owner, "prometheus", "auditor", SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.get("/metrics", headers={"Authorization": f"Bearer {plain}x"})
    client.get(f"/nowhere/{plain}")
    client.get(f"/nowhere?token={plain}")
    client.post("/accounts/login/", {"login": plain, "password": plain})
    client.get("/accounts/login/", headers={"Host": plain})
    logged = json.dumps(lines())
    assert "Not Found" in logged
    assert plain not in logged
    assert plain[4:] not in logged


def test_r17_a_failing_page_logs_no_secret(owner: Account, lines, monkeypatch: pytest.MonkeyPatch):
    """The traceback of a page that fails holds the key, and the log does not; the visitor sees neither."""

    def fails(*_: object) -> None:
        raise RuntimeError(f"cannot sign with {SECRET_KEY}")

    monkeypatch.setattr(health, "_reason", fails)
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    response = client.get("/healthz/ready")
    assert response.status_code == 500
    assert "canary" not in response.content.decode()
    assert "Something went wrong inside Provisor" in response.content.decode()
    logged = json.dumps(lines())
    assert "RuntimeError: cannot sign with [redacted]" in logged
    assert "canary" not in logged
