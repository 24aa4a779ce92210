"""Signing in and out, and when a session ends."""

import hashlib
import html
import json
import re

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client, override_settings

from provisor.access import accounts
from provisor.access.models import Account, Session
from provisor.access.session_store import SessionStore
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.directory.models import User
from tests.access.conftest import PASSWORD

LOGIN = "/accounts/login/"
PAGE = "/accounts/password/change/"


def _post(browser: Client, address: str, **fields: str):
    browser.get(address)
    fields["csrfmiddlewaretoken"] = browser.cookies["provisor-csrf"].value
    return browser.post(address, fields, headers={"Referer": f"http://localhost{address}"})


def _sign_in(
    browser: Client, email: str = "owner@example.com", password: str = PASSWORD, address: str = LOGIN
):
    return _post(browser, address, login=email, password=password)


def _signed_in(browser: Client) -> bool:
    return browser.get(PAGE).status_code == 200


def _sentences(content: bytes) -> list[str]:
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', content.decode())
    return [html.unescape(text) for one in lists for text in re.findall(r"<li>(.*?)</li>", one)]


def test_the_right_password_signs_in_and_leads_to_the_page_that_was_asked_for(
    owner: Account, browser: Client
):
    """The address survives the sign-in; the case of the e-mail address does not matter."""
    assert browser.get(PAGE).headers["Location"] == f"{LOGIN}?next={PAGE}"
    response = _sign_in(browser, email="Owner@Example.com", address=f"{LOGIN}?next={PAGE}")
    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert _signed_in(browser)


def test_nobody_is_sent_to_another_site_after_sign_in(owner: Account, browser: Client):
    """No open redirect."""
    response = _sign_in(browser, address=f"{LOGIN}?next=https://evil.example/")
    assert response.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_say_the_same(owner: Account, browser: Client):
    """Nobody learns here who has an account."""
    wrong = _sign_in(browser, password="not the password")
    unknown = _sign_in(browser, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 200
    assert _sentences(wrong.content) == _sentences(unknown.content) != []
    assert not _signed_in(browser)


def test_forgetting_the_password_says_the_same_for_everybody(owner: Account, browser: Client):
    """And writes no letter to strangers."""
    known = _post(browser, "/accounts/password/reset/", email="owner@example.com")
    sent = len(mail.outbox)
    unknown = _post(browser, "/accounts/password/reset/", email="nobody@example.com")
    assert known.headers["Location"] == unknown.headers["Location"] == "/accounts/password/reset/done/"
    assert (sent, len(mail.outbox)) == (1, 1)


@override_settings(PUBLIC_URL="https://id.example.com")
def test_a_letter_sets_a_new_password_once_and_its_link_is_on_the_public_address(
    owner: Account, browser: Client
):
    """The link is built on the public URL, works once, and ends other sessions."""
    other = Client(SERVER_NAME="localhost")
    other.force_login(owner)
    _post(browser, "/accounts/password/reset/", email="owner@example.com")
    (link,) = re.findall(r"https://id\.example\.com(/\S+)", mail.outbox[0].body)
    form = browser.get(link).headers["Location"]
    answer = _post(browser, form, password1="another long phrase", password2="another long phrase")
    assert answer.headers["Location"] == "/accounts/password/reset/key/done/"
    assert not _signed_in(other)
    assert "not valid any more" in Client(SERVER_NAME="localhost").get(link).content.decode()
    assert _sign_in(browser, password="another long phrase").status_code == 302
    assert "account.password_changed" in AuditEntry.objects.values_list("act", flat=True)


def test_a_short_password_is_refused_when_it_is_changed(owner: Account, browser: Client):
    """The rules of creation hold everywhere."""
    _sign_in(browser)
    answer = _post(browser, PAGE, oldpassword=PASSWORD, password1="short", password2="short")
    assert "at least 12 characters" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_sign_up_is_closed(owner: Account, browser: Client):
    """There is no such page, and no page to change one's own address."""
    for address in ("/accounts/signup/", "/accounts/email/"):
        assert browser.get(address).status_code == 404


def test_too_many_wrong_passwords_are_stopped(owner: Account, browser: Client):
    """Five from one place; then even the right one has to wait."""
    for _ in range(5):
        _sign_in(browser, password="not the password")
    response = _sign_in(browser)
    said = ["Too many wrong tries. Try again in 1 minute, or sign in with a passkey."]
    assert _sentences(response.content) == said
    assert not _signed_in(browser)


def test_a_form_without_its_csrf_token_is_refused(owner: Account, browser: Client):
    """And says what to do."""
    response = browser.post(LOGIN, {"login": "owner@example.com", "password": PASSWORD})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


def test_signing_out_takes_a_post(owner: Account, browser: Client):
    """A link cannot sign anybody out; the session is gone from the database afterwards."""
    _sign_in(browser)
    assert browser.get("/accounts/logout/").status_code == 200
    assert _signed_in(browser)
    _post(browser, "/accounts/logout/")
    assert not _signed_in(browser)
    assert not Session.objects.exists() or all(
        SESSION_KEY not in one.get_decoded() for one in Session.objects.all()
    )


def test_a_disabled_account_loses_its_session_at_the_next_request(owner: Account, browser: Client):
    """And the session is deleted, not only ignored."""
    accounts.create_account("second@example.com", PASSWORD, "owner", SYSTEM)
    _sign_in(browser)
    assert _signed_in(browser)
    accounts.disable(owner.id, SYSTEM)
    assert not _signed_in(browser)
    accounts.enable(owner.id, SYSTEM)
    assert not _signed_in(browser)


@pytest.mark.parametrize("change", [{"active": False}, {"deleted_at": "2026-01-01T00:00:00Z"}])
def test_a_session_ends_with_the_directory_user(person: User, browser: Client, change: dict[str, object]):
    """Disabling or deleting the user ends sign-ins, and no new one is let in."""
    accounts.create_account("bo@example.com", PASSWORD, "help-desk", SYSTEM, directory_user=person)
    _sign_in(browser, email="bo@example.com")
    assert _signed_in(browser)
    User.objects.filter(pk=person.pk).update(**change)
    assert not _signed_in(browser)
    assert _sign_in(browser, email="bo@example.com").headers["Location"] == "/accounts/inactive/"
    assert not _signed_in(browser)


def test_a_changed_password_ends_other_sessions(owner: Account, browser: Client):
    """Whoever stole a session loses it."""
    _sign_in(browser)
    accounts.set_password(owner.id, "another long phrase", SYSTEM)
    assert not _signed_in(browser)


def test_a_session_ends_after_twelve_hours_whatever_happens_in_it(owner: Account, browser: Client):
    """Absolute, beside the idle time."""
    _sign_in(browser)
    session = browser.session
    session["signed_in_at"] -= 12 * 60 * 60
    session.save()
    assert not _signed_in(browser)


def test_a_session_in_use_is_kept_from_idling_away_without_a_write_for_each_page(
    owner: Account, browser: Client
):
    """It is saved again when it was last saved five minutes ago or more."""
    _sign_in(browser)
    browser.get(PAGE)
    before = Session.objects.get().expire_date
    browser.get(PAGE)
    assert Session.objects.get().expire_date == before
    session = browser.session
    session["seen_at"] -= 300
    session.save()
    saved = Session.objects.get().expire_date
    browser.get(PAGE)
    assert Session.objects.get().expire_date > saved


def test_the_cookies_are_out_of_reach_for_scripts_and_other_sites(owner: Account, browser: Client):
    """HttpOnly, SameSite=Lax, gone with the browser."""
    _sign_in(browser)
    for name in ("provisor-session", "provisor-csrf"):
        assert browser.cookies[name]["httponly"]
        assert browser.cookies[name]["samesite"] == "Lax"
    assert browser.cookies["provisor-session"]["max-age"] == ""


def test_signing_in_changes_the_key_of_the_session(owner: Account, browser: Client):
    """No session fixation."""
    _sign_in(browser)
    first = browser.cookies["provisor-session"].value
    _post(browser, "/accounts/logout/")
    _sign_in(browser)
    assert browser.cookies["provisor-session"].value != first


def test_the_database_holds_a_hash_of_the_session_key(owner: Account, browser: Client):
    """Who reads the table cannot take a session over."""
    _sign_in(browser)
    key = browser.cookies["provisor-session"].value
    stored = Session.objects.get()
    assert stored.session_key == hashlib.sha256(key.encode()).hexdigest()[:40]
    assert key not in json.dumps(stored.get_decoded())
    assert SessionStore(stored.session_key).load() == {}


@async_to_sync
async def _a_session_lives_and_ends() -> tuple[object, bool, bool]:
    store = SessionStore()
    await store.acreate()
    await store.aset("colour", "blue")
    await store.asave()
    assert store.session_key is not None
    again = SessionStore(store.session_key)
    colour, before = await again.aget("colour"), await again.aexists(store.session_key)
    await again.adelete()
    return colour, before, await again.aexists(store.session_key)


def test_the_session_store_does_the_same_asynchronously(db: None):
    """Create, load, delete through Django's async names."""
    assert _a_session_lives_and_ends() == ("blue", True, False)


def test_r18_sign_ins_and_refused_ones_are_audited_and_what_strangers_type_is_not(
    owner: Account, browser: Client
):
    """A password typed into the wrong field must not end up in the audit record (R17)."""
    _sign_in(browser, password="canary not the password")
    _sign_in(browser, email="canary@example.com", password="canary too")
    _sign_in(browser)
    entries = AuditEntry.objects.filter(act__startswith="account.").order_by("id")
    assert [entry.act for entry in entries] == [
        "account.created",
        "account.sign_in_refused",
        "account.signed_in",
    ]
    assert entries[2].actor_label == "owner@example.com"
    assert not any("canary" in str(payload.text) for payload in AuditPayload.objects.all())
    assert not any("canary" in entry.subject_label for entry in entries)
