"""Opening an application: each demand against each session, by every way that leads there."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from provisor.access.models import Account, Opening
from provisor.applications.models import Application
from provisor.applications.single_sign_on import configure
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.memberships import remove_members
from provisor.directory.models import User
from provisor.directory.users import replace_user, set_active
from tests.portal.conftest import PASSWORD, by_password, grant, granted, member, person, team
from tests.portal.relying_party import REDIRECT, RelyingParty

pytestmark = pytest.mark.django_db

#: Demands, the strongest first, with what is put into a session that meets it exactly.
DEMANDS = {
    ("password", "passkey"): {"password", "passkey"},
    ("passwordless", "passkey"): {"passkey"},
    ("password", "totp"): {"password", "totp"},
    ("password", "any"): {"password", "totp"},
    ("password", "none"): {"password"},
    ("passwordless", "none"): {"code"},
    ("magic_link", "none"): {"link"},
}
SESSIONS = {"password+passkey": {"password", "passkey"}, "passkey": {"passkey"}, "password+totp": {"password", "totp"},
            "password": {"password"}, "code": {"code"}, "link": {"link"}, "code+totp": {"code", "totp"}, "provider": {"provider"}}  # fmt: skip
#: Design section 6, written down a second time.
STRENGTH = {"password+passkey": 5, "passkey": 4, "password+totp": 3, "password": 2, "code": 1, "link": 1, "code+totp": 1, "provider": 0}  # fmt: skip
NEEDED = dict(zip(DEMANDS, (5, 4, 3, 3, 2, 1, 1), strict=True))
RECORDS = {
    "password": {"method": "password"}, "passkey": {"method": "mfa", "type": "webauthn"},
    "totp": {"method": "mfa", "type": "totp"}, "code": {"method": "code"}, "link": {"method": "magic_link"},
    "provider": {"method": "socialaccount"},
}  # fmt: skip


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def account(ada: User) -> Account:
    return member(ada)


@pytest.fixture
def browser(account: Account) -> Client:
    return by_password(account)


def proving(browser: Client, methods: set[str], age: float = 0) -> Client:
    """The same session, as if just these methods had been proved so many seconds ago."""
    session = browser.session
    at = timezone.now().timestamp() - age
    session["account_authentication_methods"] = [{**RECORDS[one], "at": at} for one in sorted(methods)]
    session.save()
    return browser


def open_(browser: Client, application: Application) -> Any:
    return browser.get(f"/my/apps/{application.id}/open")


def opened(answer: Any, application: Application) -> bool:
    return (
        answer.status_code == 200 and f'content="0; url={application.launch_url}"' in answer.content.decode()
    )


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("demand", DEMANDS)
def test_a_session_opens_what_demands_no_more_than_it_has_proved(
    demand: tuple[str, str], session: str, ada: User, browser: Client
):
    """All 56 pairs, at the portal and at the authorization endpoint; a refusal is recorded once for both."""
    wiki = granted("Wiki", team("Sales", ada), *demand)
    row, secret = configure(wiki.id, {"redirect_uris": [REDIRECT]}, actor=SYSTEM)
    proving(browser, SESSIONS[session])
    strong_enough = STRENGTH[session] >= NEEDED[demand]
    assert opened(open_(browser, wiki), wiki) == strong_enough
    answer = RelyingParty(row.client.id, secret or "").ask(browser)
    assert ("code=" in answer.headers.get("Location", "")) == strong_enough
    assert Opening.objects.filter(times=2).exists() == strong_enough
    assert AuditEntry.objects.filter(act="application.opened").count() == (2 if strong_enough else 0)
    assert AuditEntry.objects.filter(act="application.opening_refused").count() == (0 if strong_enough else 1)


def test_an_older_proof_counts_no_more(ada: User, browser: Client, settings: Settings):
    """A session that is kept alive all day proves nothing of this evening."""
    wiki = granted("Wiki", team("Sales", ada))
    assert opened(open_(proving(browser, {"password"}, settings.PROOF_AGE - 60), wiki), wiki)
    answer = open_(proving(browser, {"password"}, settings.PROOF_AGE + 1), wiki)
    assert answer.headers["Location"].startswith("/accounts/again/?next=")


def test_what_another_account_proved_in_this_browser_does_not_count(ada: User, browser: Client):
    """The records belong to whoever made them."""
    wiki = granted("Wiki", team("Sales", ada, bo := person("bo")))
    names = ("account_authentication_methods", "account_authentication_methods_user")
    records = {name: browser.session[name] for name in names}
    other = Client(SERVER_NAME="localhost")
    other.force_login(member(bo))
    session = other.session
    session.update(records)
    session.save()
    assert not opened(open_(other, wiki), wiki)


def test_what_is_missing_is_led_to_and_leads_back(ada: User, account: Account, browser: Client):
    """Straight to the proof where there is one to give; with the demanded factor set up first where it is lacking."""
    wiki = granted("Wiki", team("Sales", ada), "password", "passkey")
    page = open_(browser, wiki)
    assert page.status_code == 200
    assert "Set up a passkey" in page.content.decode()
    assert f"/account/factors/passkeys/add?next=%2Fmy%2Fapps%2F{wiki.id}%2Fopen" in page.content.decode()
    Authenticator.objects.bulk_create([Authenticator(user=account, type="webauthn", data={"name": "Key"})])
    answer = open_(browser, wiki)
    assert answer.headers["Location"] == f"/accounts/again/passkey/?next=%2Fmy%2Fapps%2F{wiki.id}%2Fopen"
    assert "You were on the way" in browser.get("/account").content.decode()


def test_a_password_opens_after_it_was_proved_in_the_same_session(
    ada: User, account: Account, browser: Client
):
    """Step-up by the page: the weaker session is led to the password, and comes back to the application."""
    wiki = granted("Wiki", team("Sales", ada))
    led = open_(proving(browser, {"code"}), wiki).headers["Location"]
    answer = browser.post(led, {"password": "not the password"})
    assert answer.status_code == 200
    assert not opened(open_(browser, wiki), wiki)
    answer = browser.post(led, {"password": PASSWORD})
    assert answer.headers["Location"] == f"/my/apps/{wiki.id}/open"
    assert opened(browser.get(answer.headers["Location"]), wiki)
    assert Opening.objects.get().methods == ["password"]
    assert "You were on the way" not in browser.get("/my/").content.decode()


def test_who_has_only_a_mailbox_signs_in_anew_when_it_is_too_long_ago(ada: User, settings: Settings):
    """There is no other way to prove it again."""
    wiki = granted("Wiki", team("Sales", ada), "magic_link")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(member(ada, password=""))
    proving(browser, {"link"}, settings.PROOF_AGE + 1)
    led = open_(browser, wiki).headers["Location"]
    assert led.startswith("/my/sign-in-anew?next=")
    assert "Sign in anew" in browser.get(led).content.decode()
    answer = browser.post("/my/sign-in-anew", {"next": f"/my/apps/{wiki.id}/open"})
    assert answer.headers["Location"] == f"/accounts/login/?next=%2Fmy%2Fapps%2F{wiki.id}%2Fopen"
    assert browser.get("/my/").status_code == 302


def test_who_is_in_no_group_of_it_opens_nothing_by_a_direct_address(browser: Client):
    """Neither another's application nor one that is not there: the same sentence."""
    wiki = granted("Wiki", team("Others"))
    for address in (f"/my/apps/{wiki.id}/open", f"/my/apps/{uuid4()}/open"):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert "No policy gives you this application" in answer.content.decode()
    assert not Opening.objects.exists()


def test_the_tile_goes_with_the_group_at_once(ada: User, browser: Client):
    """And comes with it."""
    sales = team("Sales", ada)
    wiki = granted("Wiki", sales)
    assert "Open Wiki" in browser.get("/my/").content.decode()
    remove_members(sales.id, [ada.id], actor=SYSTEM)
    assert "Wiki" not in browser.get("/my/").content.decode()
    assert open_(browser, wiki).status_code == 404


def test_disabling_the_person_ends_the_session(ada: User, browser: Client):
    """At the next request, whatever it is."""
    assert browser.get("/my/").status_code == 200
    set_active(ada.id, active=False, actor=SYSTEM)
    assert browser.get("/my/").headers["Location"].startswith("/accounts/login/")
    assert (
        browser.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD}).headers[
            "Location"
        ]
        == "/accounts/inactive/"
    )


def test_the_strongest_of_several_policies_decides_and_a_named_group_beats_everyone(
    ada: User, browser: Client
):
    """Through the whole site: Everyone says passkey, a named group a link; then another one says TOTP."""
    wiki = granted("Wiki", None, "password", "passkey")
    assert not opened(open_(proving(browser, {"code"}), wiki), wiki)
    grant(wiki, team("Sales", ada), "magic_link")
    assert opened(open_(browser, wiki), wiki)
    grant(wiki, team("Staff", ada), "password", "totp")
    assert not opened(open_(browser, wiki), wiki)
    assert opened(open_(proving(browser, {"password", "totp"}), wiki), wiki)


def test_tiles_say_the_state_what_is_asked_and_when_it_was_opened(ada: User, browser: Client):
    """Nothing of administration, and nothing of who the administrators are."""
    wiki = granted("Wiki", team("Sales", ada))
    granted("Vault", team("Safe", ada), "password", "passkey")
    text = re.sub(r"\s+", " ", browser.get("/my/").content.decode())
    assert "Your account is being prepared." in text
    assert "Sign-in takes: password." in text
    assert "it opens at once" in text
    assert "Still asked of you: passkey (to be set up)." in text
    for word in ("Users", "Policies", "Activity", "Ctrl K", "Settings"):
        assert word not in text
    open_(browser, wiki)
    assert "by password" in re.sub(r"\s+", " ", browser.get("/my/").content.decode())


def test_an_application_without_a_launch_address_says_so(ada: User, browser: Client):
    """It is in the list, and is opened elsewhere."""
    wiki = granted("Wiki", team("Sales", ada))
    Application.objects.update(launch_url="")
    assert "It has no address to open from here" in browser.get("/my/").content.decode()
    answer = open_(browser, wiki)
    assert (answer.status_code, Opening.objects.count()) == (404, 0)


def test_the_number_of_queries_does_not_grow_with_the_applications(
    ada: User, browser: Client, django_assert_num_queries: DjangoAssertNumQueries
):
    """Session, account, then person, policies, applications, factors, accounts there, openings."""
    for number in range(8):
        granted(f"App{number}", team(f"Team {number}", ada))
    browser.get("/my/")
    with django_assert_num_queries(8):
        assert browser.get("/my/").content.decode().count("Open App") == 8


@pytest.mark.parametrize("address", ["/", "/accounts/login/"])
def test_a_member_comes_to_their_applications_and_to_nothing_of_the_console(address: str, browser: Client):
    """Every page of administration says no."""
    first = browser.get(address)
    home = first if first.headers["Location"] == "/my/" else browser.get(first.headers["Location"])
    assert home.headers["Location"] == "/my/"
    for page in (
        "/apps",
        "/users",
        "/groups",
        "/policies",
        "/activity",
        "/audit",
        "/settings",
        "/palette",
        "/live",
    ):
        assert browser.get(page).status_code == 403
    assert "My apps" in browser.get("/users").content.decode()
    for act in ("link", "unlink"):
        assert browser.post(f"/account/provider/{act}").status_code == 403


def _code() -> str:
    return re.findall(r"^\s*([0-9A-Z]{3,}-?[0-9A-Z]{3,})\s*$", mail.outbox[-1].body, re.MULTILINE)[0]


def _ask_for_code(browser: Client, address: str) -> Any:
    return browser.post("/accounts/code/", {"email": address})


@pytest.fixture
def with_codes(settings: Settings) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True


def test_whoever_is_in_the_directory_signs_in_by_code_without_anybody_inviting_them(
    with_codes: None, ada: User
):
    """The first letter makes the account; what demands no more than a mailbox opens."""
    wiki = granted("Wiki", team("Sales", ada), "passwordless")
    browser = Client(SERVER_NAME="localhost")
    _ask_for_code(browser, "ADA@example.com")
    answer = browser.post("/accounts/code/enter/", {"code": _code()})
    assert answer.status_code == 302
    assert Account.objects.get().directory_user == ada
    assert opened(open_(browser, wiki), wiki)
    assert Opening.objects.get().methods == ["email-code"]


ARRIVALS: dict[str, Callable[[User], object]] = {
    "unknown": lambda _ada: None,
    "two have it": lambda _ada: person("twin", emails=[{"value": "Ada@Example.com", "primary": True}]),
    "disabled": lambda ada: set_active(ada.id, active=False, actor=SYSTEM),
}


@pytest.mark.parametrize("how", ARRIVALS)
def test_a_letter_goes_to_nobody_whose_mailbox_it_is_not(how: str, with_codes: None, ada: User):
    """And the page says the same as to everybody."""
    ARRIVALS[how](ada)
    address = "nobody@example.com" if how == "unknown" else "ada@example.com"
    browsers = [Client(SERVER_NAME="localhost") for _ in range(3)]
    answers = [
        _ask_for_code(browsers[0], address),
        browsers[1].post("/accounts/password/reset/", {"email": address}),
    ]
    answers.append(browsers[2].post("/accounts/link/", {"email": address}))
    assert mail.outbox == []
    assert [one.headers["Location"] for one in answers] == [
        "/accounts/code/enter/",
        "/accounts/password/reset/done/",
        "/accounts/link/sent/",
    ]
    assert not Account.objects.exists()


def test_a_code_is_worth_nothing_once_the_mailbox_is_somebody_elses(with_codes: None, ada: User):
    """Between the letter and the code the directory gave the address to another."""
    browser = Client(SERVER_NAME="localhost")
    _ask_for_code(browser, "ada@example.com")
    code = _code()
    replace_user(
        ada.id, {**ada.resource, "emails": [{"value": "other@example.com", "primary": True}]}, actor=SYSTEM
    )
    person("jane", emails=[{"value": "ada@example.com", "primary": True}])
    assert browser.post("/accounts/code/enter/", {"code": code}).headers["Location"] == "/accounts/inactive/"
    assert browser.get("/my/").status_code == 302


def test_an_invitation_leads_to_a_first_password_and_to_the_applications(
    ada: User, django_capture_on_commit_callbacks: Any
):
    """The whole way, from the letter."""
    with django_capture_on_commit_callbacks(execute=True):
        member(ada, password="")
    (link,) = re.findall(r"http://localhost(/accounts/password/\S+)", mail.outbox[-1].body)
    browser = Client(SERVER_NAME="localhost")
    form = browser.get(link).headers["Location"]
    browser.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert opened(
        open_(by_password(Account.objects.get()), wiki := granted("Wiki", team("Sales", ada))), wiki
    )
    assert "not valid any more" in Client(SERVER_NAME="localhost").get(link).content.decode()


def test_a_magic_link_makes_the_account_and_opens_what_demands_no_more(ada: User):
    """The first letter to an address that the directory knows; in words it is a link."""
    wiki = granted("Wiki", team("Sales", ada), "magic_link")
    browser = Client(SERVER_NAME="localhost")
    browser.post("/accounts/link/", {"email": "ada@example.com"})
    (link,) = re.findall(r"http://localhost(/accounts/link/\S+)", mail.outbox[-1].body)
    assert browser.post(link).status_code == 302
    assert opened(open_(browser, wiki), wiki)
    assert Opening.objects.get().methods == ["magic-link"]
