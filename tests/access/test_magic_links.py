"""Magic links: used once, in ten minutes, by a form; and nobody learns or gains anything by trying."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from provisor.access import accounts, links, methods
from provisor.access.models import Account, MagicLink
from provisor.access.tokens import issue
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import User
from tests.access.hands import add_app, app_code, enter_password, new_browser, post, send, signed_in

ASK = "/accounts/link/"


@pytest.fixture(autouse=True)
def mail_leaves(settings: Settings) -> None:
    settings.EMAIL_IS_SET = True


def _ask(browser: Client, email: str = "owner@example.com", place: str = ASK) -> str:
    """Ask for a link; its address without the host."""
    assert post(browser, place, email=email).headers["Location"] == "/accounts/link/sent/"
    return _newest()


def _newest() -> str:
    (found,) = re.findall(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)
    return str(found)


def test_a_link_signs_in_when_its_form_is_sent_and_only_once(owner: Account, browser: Client):
    """The session says how."""
    link = _ask(browser)
    page = browser.get(link)
    assert "Sign in as owner@example.com" in page.content.decode()
    assert "another browser" not in page.content.decode()
    assert send(browser, link).status_code == 302
    assert signed_in(browser)
    assert methods.read(browser.session["account_authentication_methods"]).methods == {
        methods.Method.MAGIC_LINK
    }
    again = new_browser()
    assert post(again, link).status_code == 410
    assert not signed_in(again)


def test_a_scanner_of_mail_that_opens_the_link_does_not_use_it_up(owner: Account, browser: Client):
    """Nor does it sign anybody in."""
    link, scanner = _ask(browser), Client(SERVER_NAME="localhost")
    for _ in range(3):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
    assert not signed_in(scanner)
    assert MagicLink.objects.get().used_at is None
    post(browser, link)
    assert signed_in(browser)


def test_another_browser_is_asked_whether_it_was_really_them(owner: Account, browser: Client):
    """It signs in by the form, too: the mail may have been opened elsewhere."""
    link, other = _ask(browser), new_browser()
    assert "asked for in another browser" in other.get(link).content.decode()
    send(other, link)
    assert signed_in(other)
    assert not signed_in(browser)


def test_a_link_ends_after_ten_minutes(owner: Account, browser: Client):
    link = _ask(browser)
    made = MagicLink.objects.get()
    assert made.expires_at - made.created_at == timedelta(minutes=10)
    MagicLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert post(browser, link).status_code == 410
    assert not signed_in(browser)


def test_an_unknown_address_gets_the_same_answer_and_no_letter(owner: Account, browser: Client):
    known = post(browser, ASK, email="owner@example.com")
    unknown = post(browser, ASK, email="nobody@example.com")
    assert known.headers["Location"] == unknown.headers["Location"]
    assert len(mail.outbox) == 1


def test_after_a_link_the_second_factor_is_asked_for_all_the_same(owner: Account, browser: Client):
    """It is one of the ways into the same stages."""
    enter_password(browser)
    secret = add_app(browser)
    other = new_browser()
    assert post(other, _ask(other)).headers["Location"] == "/accounts/factor/"
    assert not signed_in(other)
    post(other, "/accounts/factor/", code=app_code(secret))
    assert signed_in(other)


@pytest.mark.parametrize("how", ["disabled", "locked", "directory"])
def test_nobody_who_may_not_sign_in_does_by_a_link(person: User, owner: Account, browser: Client, how: str):
    """A link that was sent before is refused; and none is sent after."""
    bo = accounts.create_account(
        "bo@example.com", "a long enough phrase", "help-desk", SYSTEM, directory_user=person
    )
    link = _ask(browser, "bo@example.com")
    if how == "directory":
        User.objects.filter(pk=person.pk).update(active=False)
    else:
        (accounts.disable if how == "disabled" else accounts.lock)(bo.id, SYSTEM)
    answer = post(browser, link)
    if how == "disabled":
        # it went with everything else that the account had
        assert answer.status_code == 410
    else:
        assert answer.headers["Location"] == "/accounts/inactive/"
    assert not signed_in(browser)
    sent = len(mail.outbox)
    post(browser, ASK, email="bo@example.com")
    assert len(mail.outbox) == sent


def test_no_other_token_is_taken_for_a_link_and_none_is_stored_in_clear(owner: Account, browser: Client):
    """Typed and namespaced (CVE-2026-4282): an API token, its digest, or the digest of the link are nothing here."""
    link = _ask(browser)
    token = link.rstrip("/").rpartition("/")[2]
    stored = MagicLink.objects.get()
    _, plain = issue(owner, "x", "owner", SYSTEM)
    assert token.startswith("prvlink_")
    assert token not in str(MagicLink.objects.values())
    for other in (plain, stored.digest, stored.browser, token.removeprefix("prvlink_"), token[:-1]):
        assert links.find(other) is None
        assert links.use(other) is None
    assert links.find(token) == stored


def test_a_link_leads_to_the_page_that_was_asked_for_and_to_no_other_site(owner: Account, browser: Client):
    link = _ask(browser, place=f"{ASK}?next=/users")
    assert link.endswith("?next=%2Fusers")
    assert post(browser, link).headers["Location"] == "/users"
    other = new_browser()
    assert "evil" not in _ask(other, place=f"{ASK}?next=https://evil.example/")
    assert post(other, f"{_newest()}?next=https://evil.example/").headers["Location"] == "/"


def test_at_most_three_links_a_minute_are_sent_to_one_address(owner: Account, browser: Client):
    answers = [post(browser, ASK, email="owner@example.com").status_code for _ in range(4)]
    assert answers == [302, 302, 302, 422]
    assert len(mail.outbox) == 3


def test_r18_a_link_is_audited_when_it_is_sent(owner: Account, browser: Client):
    _ask(browser)
    assert AuditEntry.objects.latest("id").act == "account.link_sent"


def test_without_a_mail_server_there_are_no_links(owner: Account, browser: Client, settings: Settings):
    settings.EMAIL_IS_SET = False
    for address in (ASK, "/accounts/link/sent/", "/accounts/link/prvlink_x/", "/accounts/code/"):
        assert browser.get(address).status_code == 404
    assert "Send me" not in browser.get("/accounts/login/").content.decode()
