"""What every route owes the browser, walked with the table of routes: headers, no change by GET, no change without a token."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from provisor.applications.models import Application
from provisor.site.headers import CONTENT_SECURITY_POLICY, HEADERS
from tests.access import matrix_world
from tests.access.matrix import Row, rows
from tests.access.matrix_world import Caller
from tests.access.routes import address_of
from tests.access.test_route_matrix import quiet  # noqa: F401 - a fixture

ROWS: Final = rows()

#: What a request that reads may write, and why. Everything else that a GET changes is a fault.
WRITES_OF_READERS: Final = {
    "django_session": "when the session was last used",
    "access_session": "the same, and what a sign-in or an enrolment that is under way has to remember",
    "access_token": "when the token was last used",
    "site_cache": "how often somebody has asked: the limits of sign-in",
}
#: Routes whose GET writes something else on purpose, and what: whoever looks first at a work whose process has died notes
#: that it ended. It is a fact, and no wish of who asks.
#: The first look at the keys of single sign-on makes the first key, with its audit entry.
#: Whoever may not open an application is in the audit record, once a day for each reason.
WRITES_BY_GET: Final = {
    "long-work/<uuid:work_id>": {"console_work"},
    "my/apps/<uuid:application_id>/open": {
        "access_refused_opening",
        "audit_entry",
        "audit_head",
        "audit_payload",
    },
    ".well-known/jwks.json": {"access_signing_key", "audit_entry", "audit_head", "audit_payload"},
}
#: Where programs speak OAuth: no cookie counts there but at the first, which only asks, and shows or redirects.
SPOKEN_TO_BY_PROGRAMS: Final = frozenset(
    {"identity/authorize", "identity/token", "identity/userinfo", "identity/revoke"}
)


@pytest.fixture
def inside(db: None) -> Application:
    return matrix_world.application("Slack")


@pytest.fixture
def owner(inside: Application, quiet: None) -> Caller:  # noqa: F811
    return matrix_world.everybody(inside)["owner"]


@pytest.fixture
def values(owner: Caller, inside: Application) -> dict[str, Any]:
    return matrix_world.values(inside)


def _address(row: Row, values: dict[str, Any]) -> str:
    return row.at or address_of(row.route, values)


def _answers(owner: Caller, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for row in ROWS.values():
        for method in ("GET", "POST", "DELETE", "TRACE"):
            for caller in (owner, Caller()):
                yield f"{method} {row.route}", caller.ask(method, _address(row, values), pages=row.pages)
    for address in (
        "/nowhere",
        "/api/v1/nowhere",
        "/scim/v2/nowhere",
        "/static/console/console.css",
        "/static/no",
        "//",
    ):
        yield address, owner.ask("GET", address, pages=True)


def test_every_answer_of_every_route_carries_every_security_header(
    owner: Caller, values: dict[str, Any]
) -> None:
    """For an owner and for a stranger; pages, both interfaces, refusals, redirects, wrong methods, static files, nowhere."""
    lacking = {
        (what, name)
        for what, answer in _answers(owner, values)
        for name, value in HEADERS.items()
        if answer.headers.get(name) != value
    }
    assert lacking == set()


def test_an_answer_that_fails_carries_the_security_headers_and_tells_nothing(
    owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500, in a page and in an interface."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("canary-of-the-inside")

    monkeypatch.setattr("provisor.console.records.acts.page_of", fail)
    monkeypatch.setattr("provisor.api.management.records.catalogue", fail)
    for address, pages in ((reverse("audit"), True), ("/api/v1/profiles", False)):
        answer = owner.ask("GET", address, pages=pages)
        assert answer.status_code == 500
        assert "canary" not in answer.content.decode()
        assert all(answer.headers.get(name) == value for name, value in HEADERS.items())


def test_the_policy_allows_no_script_or_style_of_a_page_itself_and_nothing_from_elsewhere() -> None:
    """Read as a browser does: each directive once, and no source that opens it."""
    directives = {
        name: sources for name, *sources in (each.split() for each in CONTENT_SECURITY_POLICY.split(";"))
    }
    assert directives == {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }


def _state() -> dict[str, str]:
    """A digest of every row of every table; what readers may write is left out."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}):
            if table in WRITES_OF_READERS or table not in _TABLES:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            lines = sorted(repr(row) for row in cursor.fetchall())
            found[table] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found


_TABLES: set[str] = set()


@pytest.fixture
def tables(db: None) -> None:
    _TABLES.update(connection.introspection.table_names())


def test_no_get_changes_anything(owner: Caller, values: dict[str, Any], tables: None) -> None:
    """Every route that takes GET, asked by an owner: not a row of any table differs afterwards."""
    browser, before, changed = owner.browser, _state(), {}
    for row in ROWS.values():
        if "GET" not in row.methods or row.route.startswith("accounts/logout"):
            continue
        browser.cookies = owner.cookies
        headers = {} if row.pages else {"Authorization": f"Bearer {owner.token}"}
        for query in ("", "?reach=now", "?export=csv") if row.pages else ("",):
            answer = browser.get(f"http://localhost{_address(row, values)}{query}", headers=headers)
            if answer.streaming and not answer.is_async:
                list(answer.streaming_content)
        after = _state()
        if after != before:
            changed[row.route] = {table for table in after if after[table] != before[table]}
            before = after
    assert changed == WRITES_BY_GET


def test_no_page_takes_a_change_without_its_token(
    owner: Caller, values: dict[str, Any], tables: None
) -> None:
    """Each POST of each page, from a session, but not from a form of ours: 403, and nothing has changed (CSRF)."""
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    before, taken = _state(), []
    for row in ROWS.values():
        if not row.pages or "POST" not in row.methods or row.route in SPOKEN_TO_BY_PROGRAMS:
            continue
        answer = strict.post(f"http://localhost{_address(row, values)}", {"act": "all", "confirmed": "yes"})
        if answer.status_code != 403:
            taken.append(f"{row.route}: {answer.status_code}")
    assert taken == []
    assert _state() == before


def test_a_token_of_an_interface_is_never_taken_from_a_cookie(owner: Caller, values: dict[str, Any]) -> None:
    """So no page of a stranger can make a browser change anything there."""
    let_in = [
        f"{method} {row.route}"
        for row in ROWS.values()
        if not row.pages
        for method in row.methods
        if not row.admits(method, "anonymous")
        and owner.ask(method, _address(row, values), pages=False, swapped=True).status_code != 401
    ]
    assert let_in == []
