"""Codes by e-mail, and the letters that tell of changes."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from provisor.access import accounts, methods
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User
from tests.access.hands import add_app, app_code, enter_password, errors, new_browser, post, send, signed_in

ASK, ENTER = "/accounts/code/", "/accounts/code/enter/"


@pytest.fixture(autouse=True)
def mail_leaves(settings: Settings) -> None:
    settings.EMAIL_IS_SET = settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = settings.ACCOUNT_EMAIL_NOTIFICATIONS = (
        True
    )


def _ask(browser: Client, email: str = "owner@example.com") -> str:
    """Ask for a code, and read it in the mailbox."""
    assert post(browser, ASK, email=email).headers["Location"].startswith(ENTER)
    (code,) = re.findall(r"^[A-Z]{4}-[A-Z]{4}$", mail.outbox[-1].body, re.MULTILINE)
    return str(code)


def test_the_code_signs_in_the_browser_that_asked_and_no_other(owner: Account, browser: Client):
    code, other = _ask(browser), new_browser()
    assert other.get(ENTER).status_code == 302
    assert not signed_in(other)
    assert send(browser, ENTER, code=code).status_code == 302
    assert signed_in(browser)
    proved = methods.read(browser.session["account_authentication_methods"])
    assert (proved.methods, proved.strength) == ({methods.Method.EMAIL_CODE}, methods.Strength.EMAIL)


def test_after_three_wrong_codes_the_right_one_does_not_count(owner: Account, browser: Client):
    code = _ask(browser)
    assert errors(send(browser, ENTER, code="BBBB-BBBB")) == ["Incorrect code."]
    for _ in range(2):
        send(browser, ENTER, code="BBBB-BBBB")
    send(browser, ENTER, code=code)
    assert not signed_in(browser)


def test_a_code_ends_after_ten_minutes(owner: Account, browser: Client):
    code = _ask(browser)
    session = browser.session
    session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"] -= 601
    session.save()
    send(browser, ENTER, code=code)
    assert not signed_in(browser)


@pytest.mark.parametrize("how", ["disabled", "locked", "directory"])
def test_nobody_who_may_not_sign_in_does_by_a_code(person: User, owner: Account, browser: Client, how: str):
    """Switched off after the code was sent."""
    bo = accounts.create_account(
        "bo@example.com", "a long enough phrase", "help-desk", SYSTEM, directory_user=person
    )
    code = _ask(browser, "bo@example.com")
    if how == "directory":
        User.objects.filter(pk=person.pk).update(active=False)
    else:
        (accounts.disable if how == "disabled" else accounts.lock)(bo.id, SYSTEM)
    assert send(browser, ENTER, code=code).headers["Location"] == "/accounts/inactive/"
    assert not signed_in(browser)


def test_after_a_code_the_second_factor_is_asked_for(owner: Account, browser: Client):
    enter_password(browser)
    secret = add_app(browser)
    other = new_browser()
    assert send(other, ENTER, code=_ask(other)).headers["Location"] == "/accounts/factor/"
    assert not signed_in(other)
    post(other, "/accounts/factor/", code=app_code(secret))
    assert signed_in(other)


def test_whose_factors_change_hears_of_it_by_mail_after_the_act(
    owner: Account, browser: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    """With address and browser, and without a secret."""
    enter_password(browser)
    with django_capture_on_commit_callbacks(execute=True):
        secret = add_app(browser)
        assert mail.outbox == []
    (letter,) = mail.outbox
    assert letter.to == ["owner@example.com"]
    assert "An authenticator app was added" in letter.subject
    assert "127.0.0.1" in letter.body
    assert secret not in letter.body


def test_a_mail_server_that_does_not_answer_changes_nothing_on_the_page(
    owner: Account, browser: Client, settings: Settings
):
    """Otherwise the page would tell who has an account."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    known = post(browser, ASK, email="owner@example.com")
    unknown = post(new_browser(), ASK, email="nobody@example.com")
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
