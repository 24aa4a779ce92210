"""The tab Sign-in: single sign-on switched on, changed and off, and its secret shown once."""

import re

import pytest
from allauth.idp.oidc.models import Client as OidcClient
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.applications.models import Application, SingleSignOn
from provisor.audit.models import AuditPayload
from provisor.console.application_sign_in import claims_text
from provisor.console.application_sign_in.claims_text import LineRefusedError
from provisor.mapping.claims import DEFAULT_CLAIMS, read_claims
from tests.console.conftest import application
from tests.console.granting import signed_in

REDIRECT = "https://wiki.example/callback"


@pytest.fixture
def wiki(db: None) -> Application:
    return application("Wiki")


def page(browser: Client, of: Application, **posted: str):
    address = f"/apps/{of.id}/sign-in"
    return browser.post(address, posted) if posted else browser.get(address)


def test_switching_on_shows_the_secret_once(browser: Client, wiki: Application):
    """With what the application has to be told; the page after it has the secret no more."""
    first = page(browser, wiki, redirect_uris=REDIRECT, claims="email = emails.value").content.decode()
    (secret,) = re.findall(r"prvs_[\w-]{40,}", first)
    assert OidcClient.objects.get().check_secret(secret)
    later = page(browser, wiki).content.decode()
    assert secret not in later
    assert OidcClient.objects.get().id in later
    assert "/.well-known/openid-configuration" in later
    assert not any(secret in str(one) for one in AuditPayload.objects.values_list())


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(browser: Client, wiki: Application):
    """Typed lines stay; nothing is switched on."""
    answer = page(browser, wiki, redirect_uris="http://wiki.example/x", claims="sub = userName")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "cannot be a redirect address" in text
    assert "says who signed in" in text
    assert "http://wiki.example/x" in text
    answer = page(browser, wiki, redirect_uris=REDIRECT, claims="name = displayName\nwhat is this")
    assert "Line 2 is no claim" in answer.content.decode()
    assert not SingleSignOn.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "http://wiki.example/cb", "https://wiki.example/cb#x", "https://*.wiki.example/cb", "https://a:b@wiki.example/",
        "javascript:alert(1)", "/cb", "https://wiki.example/a b", "com.example.app:/cb", "https://wiki.example\\@evil.example",
    ],
)  # fmt: skip
def test_only_exact_and_safe_redirect_addresses_are_taken(browser: Client, wiki: Application, wrong: str):
    """https, or http on the person's own machine."""
    assert page(browser, wiki, redirect_uris=f"{REDIRECT}\n{wrong}").status_code == 422
    assert (
        page(browser, wiki, redirect_uris="http://localhost:8080/cb\nhttp://127.0.0.1/cb").status_code == 200
    )


def test_another_secret_and_the_end(browser: Client, wiki: Application):
    """Each by a button of its own."""
    first = page(browser, wiki, redirect_uris=REDIRECT).content.decode()
    second = browser.post(f"/apps/{wiki.id}/sign-in/secret").content.decode()
    (old,), (new,) = (re.findall(r"prvs_[\w-]{40,}", each) for each in (first, second))
    assert old != new
    assert not OidcClient.objects.get().check_secret(old)
    assert OidcClient.objects.get().check_secret(new)
    browser.post(f"/apps/{wiki.id}/sign-in/off")
    assert not OidcClient.objects.exists()
    assert "Switch single sign-on on" in page(browser, wiki).content.decode()


def test_a_reader_sees_it_and_changes_nothing(browser: Client, wiki: Application):
    """The addresses and claims are no secrets; the buttons are not there."""
    page(browser, wiki, redirect_uris=REDIRECT)
    auditor = signed_in("auditor")
    text = page(auditor, wiki).content.decode()
    assert REDIRECT in text
    assert "Make another secret" not in text
    assert page(auditor, wiki, redirect_uris=REDIRECT).status_code == 403
    assert auditor.post(f"/apps/{wiki.id}/sign-in/off").status_code == 403


_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True)
_VALUES = st.one_of(st.text(min_size=1, max_size=20), st.integers(), st.booleans())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_NAMES, _VALUES, max_size=5))
def test_what_is_written_as_lines_is_read_again(constants: dict[str, object]):
    """Whatever the constants are; and the usual claims, expressions, defaults and groups."""
    rules = [{"claim": name, "kind": "constant", "value": value} for name, value in constants.items()]
    more = [
        {"claim": "groups1_", "kind": "groups"},
        {"claim": "role1_", "kind": "expression", "source": 'user.userType == "a" ? "x" : "y"'},
        {"claim": "t1_", "kind": "direct", "source": "title", "on_empty": "default", "default": "Staff"},
    ]
    whole = [*rules, *({"kind": "direct", **each} for each in DEFAULT_CLAIMS), *more]
    assert claims_text.read(claims_text.write(whole)) == whole


@pytest.mark.parametrize("line", ["name", "= x", "name =", ":= x", "a b = c"])
def test_a_line_that_is_no_claim_is_named(line: str):
    """By its number."""
    with pytest.raises(LineRefusedError) as refused:
        claims_text.read(f"a = userName\n\n{line}")
    assert refused.value.number == 3


def test_the_default_lines_are_rules(db: None):
    """What the form offers at first can be saved."""
    assert read_claims(claims_text.read(claims_text.write(DEFAULT_CLAIMS)))
