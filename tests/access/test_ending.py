"""Whoever is disabled loses everything they were given, and does not get it back by being enabled again."""

from collections.abc import Callable

import pytest
from allauth.account.forms import default_token_generator
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from provisor.access import links, tokens
from provisor.access.accounts import create_account, disable, enable
from provisor.access.models import Account, MagicLink
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.bulk import replace_users
from provisor.directory.models import User
from provisor.directory.users import create_user, delete_user, set_active
from tests.access.conftest import PASSWORD
from tests.access.hands import add_app, app_code, enter_password, new_browser, post, send, signed_in

pytestmark = pytest.mark.django_db
EMAIL = "ada@example.com"


@pytest.fixture
def user() -> User:
    email = {"value": EMAIL, "primary": True}
    return create_user({"userName": "ada", "emails": [email]}, actor=SYSTEM)


@pytest.fixture
def ada(user: User, owner: Account) -> Account:
    """An auditor who belongs to somebody in the directory; the owner stays."""
    return create_account(EMAIL, PASSWORD, "auditor", SYSTEM, directory_user=user)


def _in_bulk(user: User, *, active: bool) -> None:
    user.refresh_from_db()
    replace_users([(user, {**user.resource, "active": active})], actor=SYSTEM)


#: How somebody is disabled and enabled again.
WAYS: dict[str, Callable[[Account], object]] = {
    "the account": lambda ada: (disable(ada.pk, SYSTEM), enable(ada.pk, SYSTEM)),
    "the user": lambda ada: [set_active(ada.directory_user_id, on, actor=SYSTEM) for on in (False, True)],
    "the user in an import": lambda ada: [_in_bulk(ada.directory_user, active=on) for on in (False, True)],
}


@pytest.fixture(params=WAYS)
def off_and_on(request: pytest.FixtureRequest) -> Callable[[Account], object]:
    return WAYS[request.param]


def test_tokens_and_links_do_not_work_again(ada: Account, off_and_on: Callable[[Account], object]):
    plain = tokens.issue(ada, "robot", "auditor", SYSTEM)[1]
    link, letter = links.make(ada, "a browser"), default_token_generator.make_token(ada)
    assert default_token_generator.check_token(ada, letter)
    off_and_on(ada)
    ada.refresh_from_db()
    assert ada.may_sign_in()
    assert tokens.authenticate(plain) is None
    assert links.use(link) is None
    assert not default_token_generator.check_token(ada, letter)
    assert not MagicLink.objects.exists()
    assert tokens.authenticate(tokens.issue(ada, "robot", "auditor", SYSTEM)[1]) is not None
    assert default_token_generator.check_token(ada, default_token_generator.make_token(ada))


def test_a_session_does_not_come_back(ada: Account, off_and_on: Callable[[Account], object]):
    browser = new_browser()
    enter_password(browser, EMAIL)
    assert signed_in(browser)
    off_and_on(ada)
    assert not signed_in(browser)


def test_a_code_that_was_asked_for_before_does_not_sign_in(
    ada: Account, off_and_on: Callable[[Account], object], settings: Settings
):
    settings.EMAIL_IS_SET = True
    browser = new_browser()
    post(browser, "/accounts/code/", email=EMAIL)
    code = mail.outbox[-1].body.split("\n\n")[1].strip()
    off_and_on(ada)
    send(browser, "/accounts/code/enter/", code=code)
    assert not signed_in(browser)


def test_a_sign_in_that_waits_for_its_second_factor_does_not_go_on(
    ada: Account, off_and_on: Callable[[Account], object]
):
    browser = new_browser()
    enter_password(browser, EMAIL)
    secret = add_app(browser)
    browser = new_browser()
    enter_password(browser, EMAIL)
    off_and_on(ada)
    post(browser, "/accounts/factor/", code=app_code(secret))
    assert not signed_in(browser)
    again = new_browser()
    enter_password(again, EMAIL)
    post(again, "/accounts/factor/", code=app_code(secret, 1))
    assert signed_in(again)


def test_r18_what_ended_is_in_the_record(ada: Account, user: User):
    tokens.issue(ada, "robot", "auditor", SYSTEM)
    links.make(ada, "a browser")
    set_active(user.id, False, actor=SYSTEM)
    entry = AuditEntry.objects.get(act="account.access_ended")
    assert entry.payload.content == {"before": {"tokens": 1, "links": 1}}


def test_a_deleted_user_has_nothing_left(ada: Account, user: User):
    plain = tokens.issue(ada, "robot", "auditor", SYSTEM)[1]
    delete_user(user.id, actor=SYSTEM)
    assert tokens.authenticate(plain) is None
    ada.refresh_from_db()
    assert ada.ended_at is not None


def test_taking_a_role_change_back_asks_for_a_fresh_proof_as_the_change_did(
    owner: Account, ada: Account, settings: Settings
):
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    changed = browser.post(f"/settings/administrators/{ada.pk}/role", {"role": "approver", "seen": "auditor"}, follow=True)  # fmt: skip
    sealed = changed.content.decode().split('name="undo" value="')[1].split('"')[0]
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    asked = browser.post("/undo", {"undo": sealed})
    assert asked.headers["Location"].startswith("/accounts/again/")
    ada.refresh_from_db()
    assert ada.role == "approver"
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    browser.post(asked.headers["Location"], {"password": PASSWORD, "next": "/undo"})
    ada.refresh_from_db()
    assert ada.role == "auditor"
