"""Single sign-on by OpenID Connect, from an application's side: who is signed in, who is not, and what ends."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from allauth.idp.oidc.models import Client as OidcClient
from allauth.idp.oidc.models import Token
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from provisor.access.accounts import create_account, disable
from provisor.access.models import Account, Opening, SigningKey
from provisor.access.signing_keys import rotate
from provisor.applications.applications import delete_application
from provisor.applications.models import Application
from provisor.applications.policies import update_policy
from provisor.applications.single_sign_on import configure, remove, renew_secret
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import replace_user, set_active
from tests.portal.conftest import by_password, granted, member, person, team
from tests.portal.relying_party import REDIRECT, RelyingParty

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def sales(ada: User) -> Group:
    return team("Sales", ada)


@pytest.fixture
def wiki(sales: Group) -> Application:
    return granted("Wiki", sales)


@pytest.fixture
def party(wiki: Application) -> RelyingParty:
    row, secret = configure(wiki.id, {"redirect_uris": [REDIRECT]}, actor=SYSTEM)
    assert secret is not None
    return RelyingParty(row.client.id, secret)


@pytest.fixture
def account(ada: User) -> Account:
    return member(ada)


@pytest.fixture
def browser(account: Account) -> Client:
    return by_password(account)


def tokens(party: RelyingParty, browser: Client, **more: str) -> dict[str, Any]:
    answer = party.exchange(party.answer(party.ask(browser, **more))["code"])
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_person_in_scope_is_signed_in_and_pyjwt_believes_it(
    party: RelyingParty, browser: Client, ada: User, wiki: Application
):
    """The whole of the code flow with PKCE; the subject is the id of the directory, by the usual claims."""
    given = tokens(party, browser)
    claims = party.verified(given["id_token"])
    assert claims["sub"] == str(ada.id)
    assert claims["nonce"] == party.nonce
    assert claims["amr"] == ["pwd"]
    assert abs(claims["auth_time"] - time.time()) < 60
    said = {
        "name": "Ada King",
        "given_name": "Ada",
        "family_name": "King",
        "preferred_username": "ada",
        "email": "ada@example.com",
    }
    assert claims | said == claims
    assert party.userinfo(given["access_token"]).json() == {"sub": str(ada.id), **said}
    opening = Opening.objects.get(user=ada, application_id=wiki.id)
    assert (opening.methods, opening.times) == (["password"], 1)
    assert AuditEntry.objects.filter(act="application.opened", subject_id=str(wiki.id)).count() == 1


def test_discovery_says_only_what_is_offered(party: RelyingParty, settings: Settings):
    """On the public address, whatever host is asked."""
    settings.PUBLIC_URL = "https://id.example.com"
    found = party.discovery()
    assert found["issuer"] == "https://id.example.com"
    assert found["token_endpoint"].startswith("https://id.example.com/")
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    assert (
        not {"registration_endpoint", "device_authorization_endpoint", "introspection_endpoint"}
        & found.keys()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"}, {"client_id": None},
        {"redirect_uri": None}, {"redirect_uri": REDIRECT + "&more=1"}, {"redirect_uri": REDIRECT.removesuffix("?tenant=1")},
        {"redirect_uri": REDIRECT + "#x"}, {"redirect_uri": REDIRECT.replace("https", "http")},
        {"redirect_uri": "https://evil.example/"}, {"redirect_uri": REDIRECT.upper()},
        {"response_type": "token"}, {"response_type": "code id_token"}, {"response_type": None},
        {"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"max_age": "x"},
    ],
)  # fmt: skip
def test_a_request_that_is_not_exact_is_told_to_the_person_and_sent_nowhere(
    wrong: dict[str, str | None], party: RelyingParty, browser: Client
):
    """No open redirect; PKCE with SHA-256 is needed of everybody; letter by letter."""
    answer = party.ask(browser, **wrong)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert b"cannot go on" in answer.content
    assert not Token.objects.exists()


def test_a_parameter_given_twice_is_refused(party: RelyingParty, browser: Client):
    """One reads the first, another the last."""
    asked = party.request()
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = browser.get(f"/identity/authorize?{query}&redirect_uri=https://evil.example/")
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_who_is_not_in_scope_is_told_why_and_what_to_do(party: RelyingParty, wiki: Application):
    """And the application gets nothing, asked silently neither."""
    bo = by_password(member(person("bo")))
    answer = party.ask(bo)
    assert answer.status_code == 404
    assert b"No policy gives you this application" in answer.content
    assert party.answer(party.ask(bo, prompt="none"))["error"] == "access_denied"


def test_an_administrator_who_is_nobody_in_the_directory_is_signed_in_nowhere(party: RelyingParty):
    """Being an owner gives no application."""
    owner = create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)
    assert party.ask(by_password(owner)).status_code == 404


def test_who_has_not_signed_in_is_led_to_and_comes_back_by_a_page_of_its_own(
    party: RelyingParty, account: Account
):
    """A form may lead to no other site: between the sign-in and the answer there is a page."""
    stranger = Client(SERVER_NAME="localhost")
    first = party.ask(stranger)
    login = first.headers["Location"]
    assert login.startswith("/accounts/login/?next=%2Fmy%2Fonward")
    signed = stranger.post(login, {"login": account.email, "password": "a long enough phrase"})
    page = stranger.get(signed.headers["Location"])
    assert page.status_code == 200
    address = page.content.decode().split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    assert party.answer(stranger.get(address))["code"]


def test_silently_nobody_is_asked(party: RelyingParty, browser: Client):
    """`prompt=none`: a code for who has signed in, an error for who has not."""
    assert (
        party.answer(party.ask(Client(SERVER_NAME="localhost"), prompt="none"))["error"] == "login_required"
    )
    assert party.answer(party.ask(browser, prompt="none"))["code"]


def test_a_code_works_once_with_its_own_verifier_secret_and_redirect(party: RelyingParty, browser: Client):
    """Replayed, or by somebody who has only seen it, it is refused."""
    code = party.answer(party.ask(browser))["code"]
    assert party.exchange(code).status_code == 200
    assert party.exchange(code).json()["error"] == "invalid_grant"
    for wrong in ({"code_verifier": "x" * 64}, {"redirect_uri": "https://evil.example/"}):
        other = party.answer(party.ask(browser))["code"]
        assert party.exchange(other, **wrong).status_code in {400, 401}
        assert party.exchange(other).json()["error"] == "invalid_grant"
    thief = RelyingParty(party.client_id, "guessed", verifier=party.verifier)
    assert thief.exchange(party.answer(party.ask(browser))["code"]).status_code == 401


ENDS: dict[str, Callable[[RelyingParty, User], object]] = {
    "disabled": lambda _party, ada: set_active(ada.id, active=False, actor=SYSTEM),
    "out of the group": lambda _party, ada: remove_members(
        Group.objects.get(display_name="Sales").id, [ada.id], actor=SYSTEM
    ),
    "account disabled": lambda _party, ada: disable(Account.objects.get(directory_user=ada).id, SYSTEM),
    "application deleted": lambda _party, _ada: delete_application(
        Application.objects.get(name="Wiki").id, actor=SYSTEM
    ),
    "switched off": lambda _party, _ada: remove(Application.objects.get(name="Wiki").id, actor=SYSTEM),
}


@pytest.mark.parametrize("how", ENDS)
def test_tokens_of_who_may_not_be_there_any_more_end(
    how: str, party: RelyingParty, browser: Client, ada: User
):
    """Userinfo and renewal are refused at once, a code that was given just before is worth nothing, and nothing comes back to life."""
    given = tokens(party, browser)
    code = party.answer(party.ask(browser))["code"]
    ENDS[how](party, ada)
    assert party.userinfo(given["access_token"]).status_code == 401
    assert party.refresh(given["refresh_token"]).status_code in {400, 401}
    assert party.exchange(code).status_code in {400, 401}
    assert "code=" not in party.ask(browser).headers.get("Location", "")
    assert not Token.objects.exists()
    if how == "disabled":
        set_active(ada.id, active=True, actor=SYSTEM)
        assert party.userinfo(given["access_token"]).status_code == 401


def test_tokens_are_renewed_while_the_sign_in_is_young_and_strong_enough(
    party: RelyingParty, browser: Client, ada: User, wiki: Application, settings: Settings
):
    """A used refresh token is worth nothing; one behind an old sign-in neither."""
    given = tokens(party, browser)
    again = party.refresh(given["refresh_token"])
    assert again.status_code == 200
    assert party.verified(again.json()["id_token"])["sub"] == str(ada.id)
    assert party.refresh(given["refresh_token"]).json()["error"] == "invalid_grant"
    Opening.objects.update(at=timezone.now() - timedelta(seconds=settings.PROOF_AGE + 1))
    assert party.refresh(again.json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_tokens_of_a_sign_in_that_is_weaker_than_the_policy_by_now_are_not_renewed(
    party: RelyingParty, browser: Client, wiki: Application
):
    """Who makes a policy stronger does not wait for old tokens to run out."""
    given = tokens(party, browser)
    update_policy(wiki.policies.get().id, {"second_factor": "passkey"}, actor=SYSTEM)
    assert party.refresh(given["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_subject_stays_when_name_and_address_change(party: RelyingParty, browser: Client, ada: User):
    """Capgo CVE-2026-56215: an address is no key."""
    before = party.verified(tokens(party, browser)["id_token"])
    changed = {
        **ada.resource,
        "userName": "ada.lovelace",
        "emails": [{"value": "lovelace@example.com", "primary": True}],
    }
    replace_user(ada.id, changed, actor=SYSTEM)
    after = party.verified(tokens(party, browser)["id_token"])
    assert (after["sub"], after["email"]) == (before["sub"], "lovelace@example.com")


def test_claims_follow_the_rules_and_cannot_say_who_it_is(
    party: RelyingParty, browser: Client, wiki: Application, ada: User
):
    """Groups by name, constants, expressions; `sub` is Provisor's."""
    rules = [
        {"claim": "groups", "kind": "groups"},
        {"claim": "tier", "kind": "expression", "source": 'user.userName + "@" + application.name'},
    ]
    configure(wiki.id, {"claims": rules}, actor=SYSTEM)
    claims = party.verified(tokens(party, browser)["id_token"])
    assert (claims["groups"], claims["tier"]) == (["Sales"], "ada@Wiki")
    assert "email" not in claims


def test_max_age_asks_anew_for_what_was_proved_too_long_ago(party: RelyingParty, browser: Client):
    """A session that proved the password an hour ago is not enough for `max_age=60`, and `prompt=login` is the same."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    for asked in ({"max_age": "60"}, {"prompt": "login"}, {"max_age": "0"}):
        answer = party.ask(browser, **asked)
        assert answer.headers["Location"].startswith("/accounts/again/?next=%2Fmy%2Fonward"), asked
    silent = party.answer(party.ask(browser, max_age="60", prompt="none"))
    assert silent["error"] == "interaction_required"
    assert party.answer(party.ask(browser, max_age="7200"))["code"]


def test_keys_are_published_before_they_sign_and_after_they_have(
    party: RelyingParty, browser: Client, settings: Settings
):
    """Nobody who keeps the list for an hour sees a signature by a key that is not in it."""
    first = tokens(party, browser)["id_token"]
    SigningKey.objects.update(signs_from=timezone.now() - timedelta(hours=2))
    made = rotate(SYSTEM)
    listed = {key["kid"] for key in party.server.get("/.well-known/jwks.json").json()["keys"]}
    second = tokens(party, browser)["id_token"]
    assert len(listed) == 2
    assert jwt.get_unverified_header(second)["kid"] == jwt.get_unverified_header(first)["kid"]
    SigningKey.objects.filter(pk=made.pk).update(signs_from=timezone.now() - timedelta(minutes=1))
    third = tokens(party, browser)["id_token"]
    assert jwt.get_unverified_header(third)["kid"] != jwt.get_unverified_header(first)["kid"]
    assert all(party.verified(one) for one in (first, second, third))
    assert AuditEntry.objects.filter(act="signing_key.made").count() == 2


def test_an_old_key_is_followed_by_another_by_itself(party: RelyingParty, browser: Client):
    """After 90 days, at the next signature."""
    tokens(party, browser)
    SigningKey.objects.update(signs_from=timezone.now() - timedelta(days=91))
    tokens(party, browser)
    tokens(party, browser)
    assert SigningKey.objects.count() == 2


def test_r17_neither_secret_nor_signing_key_is_readable_anywhere(party: RelyingParty, wiki: Application):
    """The client's secret is hashed, the key sealed for its row, and the record holds neither."""
    party.discovery()
    party.server.get("/.well-known/jwks.json")
    assert party.secret.startswith("prvs_")
    assert party.secret not in OidcClient.objects.get().secret
    assert b"PRIVATE KEY" not in bytes(SigningKey.objects.get().sealed)
    said = " ".join(str(one) for one in AuditPayload.objects.values_list())
    assert party.secret not in said
    assert "PRIVATE KEY" not in said


def test_another_secret_ends_the_old_one(party: RelyingParty, browser: Client, wiki: Application):
    """At once."""
    _, secret = renew_secret(wiki.id, actor=SYSTEM)
    assert party.exchange(party.answer(party.ask(browser))["code"]).status_code == 401
    party.secret = secret
    assert tokens(party, browser)["id_token"]


def test_no_other_grant_or_endpoint_is_there(party: RelyingParty, browser: Client):
    """No password grant, no client credentials, no device, no registration; no token in an address or a body."""
    for grant in ("password", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", ""):
        assert party._ask_token({"grant_type": grant}).json()["error"] == "unsupported_grant_type"
    for path in (
        "/identity/o/authorize",
        "/identity/o/device",
        "/identity/o/api/clients",
        "/identity/introspect",
    ):
        assert browser.get(path).status_code == 404
    token = tokens(party, browser)["access_token"]
    assert party.server.get("/identity/userinfo", {"access_token": token}).status_code == 401
    assert party.server.post("/identity/userinfo", {"access_token": token}).status_code == 401
