"""Sign-in with an external OpenID Connect provider: a real one on loopback, linked first, matched by its subject alone."""

import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from provisor.access import accounts, methods
from provisor.access import provider as providers
from provisor.access.models import Account, SignInProvider
from provisor.access.refusal import AccessRefusal
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from tests.access.hands import add_app, app_code, enter_password, new_browser, post, send, signed_in
from tests.servers.openid_provider import CLIENT, SECRET, OpenIdProvider, openid_provider


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as running:
        yield running


@pytest.fixture
def configured(owner: Account, provider: OpenIdProvider) -> OpenIdProvider:
    _configure(provider)
    return provider


def _configure(provider: OpenIdProvider, **change: Any) -> SignInProvider:
    given = {
        "name": "Acme",
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "secret": SECRET,
        "enabled": True,
    }
    return providers.configure(**{**given, **change}, actor=SYSTEM)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _at_the_provider(page: Any) -> str:
    """Follow the page that leads to the provider; where the provider sends the browser back to."""
    (address,) = re.findall(r'<a class="btn btn-primary" href="([^"]+)"', page.content.decode())
    try:
        build_opener(_Stay).open(address.replace("&amp;", "&"), timeout=10)
    except HTTPError as answer:
        back = urlsplit(str(answer.headers["Location"]))
        return f"{back.path}?{back.query}"
    raise AssertionError("The provider did not send the browser back.")


def _begin_address() -> str:
    found = providers.offered()
    assert found is not None
    return f"/accounts/provider/{providers.provider_id(found)}/"


def _sign_in(browser: Client) -> Any:
    browser.get("/accounts/login/")
    return browser.get(_at_the_provider(send(browser, _begin_address())))


def _link(browser: Client) -> Any:
    browser.get("/account")
    return browser.get(_at_the_provider(send(browser, "/account/provider/link")))


def test_an_account_links_an_identity_and_then_signs_in_by_it(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    """The session says that only the provider vouches; both acts are audited."""
    enter_password(browser)
    assert _link(browser).headers["Location"] == "/account"
    other = new_browser()
    assert _sign_in(other).headers["Location"] == "/"
    assert signed_in(other)
    proved = methods.read(other.session["account_authentication_methods"])
    assert (proved.methods, proved.strength) == ({methods.Method.PROVIDER}, methods.Strength.NOTHING)
    assert "account.provider_linked" in AuditEntry.objects.values_list("act", flat=True)


def test_nobody_is_matched_by_e_mail_not_even_by_a_verified_one(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    """CVE-2026-9092: an identity with the owner's address is nobody here, and no account is made for it."""
    configured.claims = {"email": owner.email, "email_verified": True, "preferred_username": owner.email}
    assert _sign_in(browser).headers["Location"] == "/accounts/login/"
    assert "No account is linked to this identity" in browser.get("/accounts/login/").content.decode()
    assert not signed_in(browser)
    assert (Account.objects.count(), SocialAccount.objects.count()) == (1, 0)


def test_another_subject_is_somebody_else_also_with_the_same_name(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    enter_password(browser)
    _link(browser)
    for subject in ("subject-2", "subject-1 ", "Subject-1", "subject-1\u0000x"):
        configured.subject = subject
        other = new_browser()
        _sign_in(other)
        assert not signed_in(other), subject


def test_an_identity_belongs_to_one_account(configured: OpenIdProvider, owner: Account, browser: Client):
    """Who links one that is linked elsewhere gets a reason, and it stays where it is."""
    enter_password(browser)
    _link(browser)
    accounts.create_account("bo@example.com", "a long enough phrase", "auditor", SYSTEM)
    other = new_browser()
    enter_password(other, email="bo@example.com")
    _link(other)
    assert "linked to another account" in other.get("/account").content.decode()
    assert SocialAccount.objects.get().user == owner


def test_another_issuer_or_client_opens_nothing_that_was_linked_before(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    """And the stored secret goes to no other issuer (R17)."""
    enter_password(browser)
    _link(browser)
    with pytest.raises(AccessRefusal, match="client secret"):
        _configure(configured, issuer="http://127.0.0.2:9", secret="")
    with openid_provider() as stranger:
        _configure(stranger)
        other = new_browser()
        _sign_in(other)
        assert not signed_in(other)


def test_the_second_factor_is_asked_for_after_the_provider(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    enter_password(browser)
    secret = add_app(browser)
    _link(browser)
    other = new_browser()
    assert _sign_in(other).headers["Location"] == "/accounts/factor/"
    assert not signed_in(other)
    post(other, "/accounts/factor/", code=app_code(secret))
    assert signed_in(other)


@pytest.mark.parametrize("how", ["disable", "lock"])
def test_an_account_that_may_not_sign_in_does_not_by_the_provider(
    configured: OpenIdProvider, owner: Account, browser: Client, how: str
):
    accounts.create_account("second@example.com", "a long enough phrase", "owner", SYSTEM)
    enter_password(browser)
    _link(browser)
    getattr(accounts, how)(owner.id, SYSTEM)
    other = new_browser()
    assert _sign_in(other).headers["Location"] == "/accounts/inactive/"
    assert not signed_in(other)


@pytest.mark.parametrize("vice", ["says_issuer", "publishes", "audience", "redirects_token", "denies"])
def test_a_provider_that_lies_lets_nobody_in(
    configured: OpenIdProvider, owner: Account, browser: Client, vice: str
):
    """Another issuer, another key, another client, a redirect, or a refusal."""
    enter_password(browser)
    _link(browser)
    other = new_browser()
    values = {
        "says_issuer": "http://127.0.0.1:9",
        "publishes": OpenIdProvider().signs_with,
        "audience": "somebody-else",
        "redirects_token": True,
        "denies": True,
    }
    setattr(configured, vice, values[vice])
    if vice == "says_issuer":
        other.get("/accounts/login/")
        answer = send(other, _begin_address())
        assert answer.headers["Location"] == "/accounts/login/"
    else:
        _sign_in(other)
    assert not signed_in(other)


def test_an_answer_of_somebody_elses_sign_in_is_refused(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    """The state belongs to the browser that began (login CSRF), and a code counts once."""
    enter_password(browser)
    _link(browser)
    victim, attacker = new_browser(), new_browser()
    attacker.get("/accounts/login/")
    back = _at_the_provider(send(attacker, _begin_address()))
    victim.get(back)
    assert not signed_in(victim)
    attacker.get(back)
    assert signed_in(attacker)
    attacker.post("/accounts/logout/")
    again = new_browser()
    again.get(back)
    assert not signed_in(again)


def test_linking_takes_a_proof_and_an_account(configured: OpenIdProvider, owner: Account, browser: Client):
    """What a form says of the process does not count: only the page that asks for a proof links."""
    browser.get("/accounts/login/")
    back = _at_the_provider(send(browser, _begin_address(), process="connect"))
    browser.get(back)
    assert not SocialAccount.objects.exists()
    enter_password(browser)
    session = browser.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 15 * 60
    session.save()
    assert send(browser, "/account/provider/link").headers["Location"].startswith("/accounts/again/")
    assert not SocialAccount.objects.exists()


def test_a_link_ends_and_it_is_audited(configured: OpenIdProvider, owner: Account, browser: Client):
    enter_password(browser)
    _link(browser)
    send(browser, "/account/provider/unlink")
    other = new_browser()
    _sign_in(other)
    assert not signed_in(other)
    assert AuditEntry.objects.filter(act="account.provider_unlinked").exists()


def test_r16_the_library_asks_by_the_one_door(
    configured: OpenIdProvider, owner: Account, browser: Client, monkeypatch: pytest.MonkeyPatch
):
    """`requests` and `urllib3` open nothing; an address that targets may not have is refused before a connection."""
    import requests

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("another HTTP stack was used")

    monkeypatch.setattr(requests.Session, "request", forbidden)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", forbidden)
    enter_password(browser)
    _link(browser)
    assert SocialAccount.objects.exists()
    asked = [path for _, path in configured.asked]
    assert asked.count("/token") == 1
    assert asked.count("/keys") == 1


def test_r16_an_issuer_is_judged_like_any_target(owner: Account, monkeypatch: pytest.MonkeyPatch):
    """Nothing is connected for it."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was opened"))
    for issuer in (
        "https://169.254.169.254",
        "https://[::1]",
        "ftp://x",
        "nonsense",
    ):
        with pytest.raises(AccessRefusal):
            providers.configure(
                name="x", issuer=issuer, client_id="x", secret="x", enabled=True, actor=SYSTEM
            )
    assert not SignInProvider.objects.exists()


def test_r17_the_client_secret_is_sealed_and_on_no_page_and_in_no_entry(
    configured: OpenIdProvider, owner: Account, browser: Client
):
    enter_password(browser)
    page = browser.get("/settings/sign-in-provider").content.decode()
    assert "Acme" in page
    assert SECRET not in page
    assert SECRET not in str(SignInProvider.objects.values())
    assert not any(SECRET in str(text) for text in AuditPayload.objects.values_list("text", flat=True))


def test_an_owner_sets_the_provider_up_in_the_settings(
    provider: OpenIdProvider, owner: Account, browser: Client
):
    """Nothing typed is lost by an error; the address to come back to is shown."""
    enter_password(browser)
    given = {"name": "Acme", "issuer": provider.issuer, "client_id": CLIENT, "enabled": "on"}
    answer = post(browser, "/settings/sign-in-provider", **given, secret="")
    assert answer.status_code == 422
    assert provider.issuer in answer.content.decode()
    assert post(browser, "/settings/sign-in-provider", **given, secret=SECRET).status_code == 302
    page = browser.get("/settings/sign-in-provider").content.decode()
    assert "/back/" in page
    assert "Sign in with Acme" in new_browser().get("/accounts/login/").content.decode()
