"""Settings: who may sign in, tokens, e-mail, custom attributes, and the facts of the installation."""

import re
import smtplib
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.access.models import Account, Token
from provisor.access.tokens import authenticate, issue
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.attributes import declare_attribute
from provisor.directory.models import CustomAttribute, JournalEntry, Pending
from provisor.directory.users import create_user
from tests.console.engines import one_engine

PHRASE = "a long enough phrase"
SCHEMA = "urn:example:params:scim:schemas:extension:acme:2.0:User"
HOSTILE = "</td><script>alert(1)</script>{{ 7|add:7 }}"
ROLES = ("owner", "application-administrator", "approver", "help-desk", "auditor")


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def get(browser: Client, name: str, *arguments: object, **query: object) -> str:
    response = browser.get(reverse(name, args=arguments), query)
    assert response.status_code == 200
    return response.content.decode()


def account(role: str = "auditor", name: str = "") -> Account:
    return create_account(f"{name or role}@example.com", PHRASE, role, SYSTEM, name=name)


def signed_in(whom: Account) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(whom)
    return client


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATA_DIR = tmp_path


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may_and_no_more(db: None, role: str):
    client = signed_in(account(role))
    landing = get(client, "settings")
    sees_people = role in ("owner", "auditor")
    assert (f'href="{reverse("administrators")}"' in landing) == sees_people
    assert client.get(reverse("administrators")).status_code == (200 if sees_people else 403)
    assert client.get(reverse("add-administrator")).status_code == (200 if role == "owner" else 403)
    for name in ("tokens", "create-token", "notifications", "attributes", "about"):
        assert client.get(reverse(name)).status_code == 200
    writes = role in ("owner", "application-administrator")
    assert client.get(reverse("add-attribute")).status_code == (200 if writes else 403)


def test_an_auditor_sees_the_administrators_and_no_button(db: None):
    page = get(signed_in(account("auditor")), "administrators")
    assert "auditor@example.com" in page
    assert reverse("add-administrator") not in page
    assert ">Disable" not in page


def test_acts_on_administrators_are_for_owners(db: None):
    bob = account("help-desk")
    client = signed_in(account("auditor"))
    for name in (
        "administrator-role",
        "administrator-password",
        "disable-administrator",
        "enable-administrator",
    ):
        assert client.post(reverse(name, args=[bob.id]), {}).status_code == 403
    bob.refresh_from_db()
    assert bob.is_active


def test_somebody_who_is_added_can_sign_in(browser: Client):
    given = {"email": "Bob@Example.com", "name": "Bob", "role": "approver", "password": PHRASE}
    assert browser.post(reverse("add-administrator"), given).status_code == 302
    bob = Account.objects.get(email="bob@example.com")
    assert (bob.role, bob.check_password(PHRASE)) == ("approver", True)
    assert "bob@example.com can sign in now, as Approver." in text(get(browser, "administrators"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "owner@example.com"}, "There is an account for"),
        ({"password": "tiny#1"}, "too short"),
        ({"email": "no address"}, "valid email"),
        ({"role": "emperor"}, "not one of the available choices"),
    ],
)
def test_a_wrong_new_account_is_refused_beside_its_field_and_keeps_what_was_typed(
    browser: Client, given, said: str
):
    values = {
        "email": "bob@example.com",
        "name": "Bob the Kept",
        "role": "auditor",
        "password": PHRASE,
        **given,
    }
    response = browser.post(reverse("add-administrator"), values)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in text(page)
    assert "Bob the Kept" in page
    assert values["password"] not in page
    assert Account.objects.count() == 1


def test_a_role_changes_and_can_be_taken_back(browser: Client):
    bob = account("auditor", "bob")
    given = {"role": "approver", "seen": "auditor"}
    page = browser.post(reverse("administrator-role", args=[bob.id]), given, follow=True).content.decode()
    bob.refresh_from_db()
    assert bob.role == "approver"
    sealed = re.search(r'name="undo" value="([^"]+)"', page)
    assert sealed
    browser.post(reverse("undo"), {"undo": sealed.group(1)})
    bob.refresh_from_db()
    assert bob.role == "auditor"


def test_two_owners_who_change_one_role_are_told(browser: Client):
    bob = account("auditor", "bob")
    address = reverse("administrator-role", args=[bob.id])
    browser.post(address, {"role": "approver", "applications": "all", "seen": "auditor"})
    response = browser.post(address, {"role": "help-desk", "seen": "auditor"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else has made it “Approver” meanwhile" in text(page)
    assert 'value="help-desk" selected' in page
    assert (
        browser.post(address, {"role": "help-desk", "applications": "all", "seen": "approver"}).status_code
        == 302
    )


def test_the_last_owner_stays_one(browser: Client, owner: Account):
    response = browser.post(
        reverse("administrator-role", args=[owner.id]), {"role": "auditor", "seen": "owner"}
    )
    assert response.status_code == 422
    assert "is the last owner who can sign in" in text(response.content.decode())
    browser.post(reverse("disable-administrator", args=[owner.id]))
    assert "is the last owner who can sign in" in text(get(browser, "administrators"))
    owner.refresh_from_db()
    assert owner.is_active


def test_disabling_asks_first_and_can_be_undone_while_its_tokens_end_for_good(browser: Client):
    bob = account("auditor", "bob")
    _token, plain = issue(bob, "HR", "auditor", SYSTEM)
    assert "1 token ends for good" in text(get(browser, "disable-administrator", bob.id))
    assert authenticate(plain) is not None
    page = browser.post(reverse("disable-administrator", args=[bob.id]), follow=True).content.decode()
    assert authenticate(plain) is None
    sealed = re.search(r'name="undo" value="([^"]+)"', page)
    assert sealed
    browser.post(reverse("undo"), {"undo": sealed.group(1)})
    bob.refresh_from_db()
    assert bob.may_sign_in()
    assert authenticate(plain) is None


def test_a_new_password_is_set_for_others_only(browser: Client, owner: Account):
    bob = account("auditor", "bob")
    address = reverse("administrator-password", args=[bob.id])
    assert browser.post(address, {"password": "short"}).status_code == 422
    assert browser.post(address, {"password": "another long phrase"}).status_code == 302
    bob.refresh_from_db()
    assert bob.check_password("another long phrase")
    own = browser.get(reverse("administrator-password", args=[owner.id]))
    assert own.headers["Location"] == reverse("account_change_password")
    assert browser.get(reverse("administrator-role", args=[uuid4()])).status_code == 404


def test_a_token_is_shown_once_and_works(db: None):
    client = signed_in(account("help-desk"))
    response = client.post(reverse("create-token"), {"name": "HR sync", "role": "help-desk", "days": "30"})
    page = response.content.decode()
    plain = re.search(r"prv_[0-9A-Za-z]{43}", page)
    assert plain
    assert response.headers["Cache-Control"] == "no-store"
    carrier = authenticate(plain.group())
    assert carrier is not None
    assert carrier.account.email == "help-desk@example.com"
    listed = get(client, "tokens")
    assert plain.group() not in listed
    assert plain.group()[:12] in listed
    assert not AuditEntry.objects.filter(payload__text__contains=plain.group()).exists()


def test_nobody_gets_a_token_that_may_more_than_they(db: None):
    client = signed_in(account("help-desk"))
    assert 'value="owner"' not in get(client, "create-token")
    response = client.post(reverse("create-token"), {"name": "Too much", "role": "owner", "days": ""})
    assert response.status_code == 422
    assert 'value="Too much"' in response.content.decode()
    other = account("owner")
    client.post(reverse("create-token"), {"name": "Theirs", "role": "help-desk", "account": other.email})
    assert Token.objects.get().account.email == "help-desk@example.com"


def test_an_owner_issues_a_token_to_somebody_else_within_their_role(browser: Client):
    bob = account("auditor", "bob")
    given = {"name": "Reports", "role": "auditor", "account": bob.email, "days": ""}
    assert browser.post(reverse("create-token"), given).status_code == 201
    assert Token.objects.get().account == bob
    refused = browser.post(reverse("create-token"), {**given, "role": "owner"})
    assert refused.status_code == 422
    assert "cannot have the role" in text(refused.content.decode())
    unknown = browser.post(reverse("create-token"), {**given, "account": "nobody@example.com"})
    assert "There is no account with this e-mail" in text(unknown.content.decode())


def test_a_token_is_revoked_after_asking_and_those_of_others_by_owners(db: None):
    bob, cleo = account("auditor", "bob"), account("auditor", "cleo")
    token, plain = issue(bob, "HR", "auditor", SYSTEM)
    address = reverse("revoke-token", args=[token.id])
    assert signed_in(cleo).post(address).status_code == 403
    client = signed_in(bob)
    assert "This cannot be undone" in text(client.get(address).content.decode())
    assert authenticate(plain) is not None
    client.post(address)
    assert authenticate(plain) is None
    assert "revoked" in text(get(client, "tokens"))


def test_tokens_of_others_are_seen_by_those_who_may_read_the_audit(db: None):
    issue(account("approver"), "Somebody's", "approver", SYSTEM)
    assert "Somebody&#x27;s" in get(signed_in(account("auditor")), "tokens", whose="all")
    assert "Somebody&#x27;s" not in get(signed_in(account("help-desk")), "tokens", whose="all")


def test_without_a_mail_server_the_page_says_what_that_means(browser: Client, settings: Settings):
    settings.EMAIL_IS_SET = False
    page = text(get(browser, "notifications"))
    assert "No mail server is set" in page
    assert "PROVISOR_EMAIL_URL" in page
    assert "Send a test message" not in page
    browser.post(reverse("notifications"))
    assert mail.outbox == []


def test_a_test_message_really_leaves_and_is_audited(browser: Client, settings: Settings):
    settings.EMAIL_IS_SET, settings.EMAIL_HOST = True, "mail.example.com"
    page = get(browser, "notifications")
    assert "Send a test message to owner@example.com" in text(page)
    assert "mail.example.com" in page
    browser.post(reverse("notifications"))
    assert [message.to for message in mail.outbox] == [["owner@example.com"]]
    assert AuditEntry.objects.filter(act="email.tested").count() == 1
    assert "took a message to owner@example.com" in text(get(browser, "notifications"))


def test_a_mail_server_that_refuses_is_a_sentence(browser: Client, settings: Settings, monkeypatch):
    settings.EMAIL_IS_SET, settings.EMAIL_HOST = True, "mail.example.com"

    def refuse(*_given: object, **_named: object) -> int:
        raise smtplib.SMTPSenderRefused(550, b"no such sender", "provisor@localhost")

    monkeypatch.setattr("provisor.console.settings.notifications.send_mail", refuse)
    browser.post(reverse("notifications"))
    assert "The mail server did not take the message" in text(get(browser, "notifications"))


def test_only_owners_send_test_messages(db: None, settings: Settings):
    settings.EMAIL_IS_SET = True
    client = signed_in(account("auditor"))
    assert "Send a test message" not in get(client, "notifications")
    assert client.post(reverse("notifications")).status_code == 403
    assert mail.outbox == []


def test_an_attribute_is_added_described_and_removed(browser: Client):
    assert "No custom attribute yet" in get(browser, "attributes")
    given = {
        "name": "badgeNumber",
        "schema": SCHEMA,
        "resource_type": "User",
        "type": "string",
        "description": "x",
    }
    assert browser.post(reverse("add-attribute"), given).status_code == 302
    one = CustomAttribute.objects.get()
    assert "badgeNumber" in get(browser, "attributes")
    assert f'value="{SCHEMA}"' in get(browser, "add-attribute")
    browser.post(reverse("describe-attribute", args=[one.id]), {"description": "On the door"})
    assert "On the door" in get(browser, "attributes")
    assert "Nobody has a value of it" in get(browser, "remove-attribute", one.id)
    browser.post(reverse("remove-attribute", args=[one.id]))
    assert not CustomAttribute.objects.exists()
    assert JournalEntry.objects.filter(event="attribute.removed").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"schema": "no urn"}, "is no URN"),
        ({"schema": "urn:ietf:params:scim:schemas:core:2.0:User"}, "a schema of the standard"),
        ({"name": "id"}, "is no name of an attribute"),
        ({"name": "Taken"}, "has an attribute"),
    ],
)
def test_a_wrong_attribute_is_refused_and_keeps_what_was_typed(browser: Client, given, said: str):
    declare_attribute(SCHEMA, "taken", actor=SYSTEM)
    values = {
        "name": "fine",
        "schema": SCHEMA,
        "resource_type": "User",
        "type": "string",
        "description": "Kept",
        **given,
    }
    response = browser.post(reverse("add-attribute"), values)
    assert response.status_code == 422
    assert said in text(response.content.decode())
    assert 'value="Kept"' in response.content.decode()


def test_an_attribute_in_use_is_not_removed(browser: Client):
    one = declare_attribute(SCHEMA, "badgeNumber", actor=SYSTEM)
    create_user({"userName": "ada", SCHEMA: {"badgeNumber": "7"}}, actor=SYSTEM)
    page = get(browser, "remove-attribute", one.id)
    assert "1 user has a value of it" in text(page)
    assert "btn-danger" not in page
    browser.post(reverse("remove-attribute", args=[one.id]))
    assert "has a value in 1 user" in text(get(browser, "attributes"))
    assert CustomAttribute.objects.count() == 1


def test_about_says_whether_the_engine_runs_and_what_waits_for_it(browser: Client, tmp_path: Path):
    create_user({"userName": "ada"}, actor=SYSTEM)
    waiting = Pending.objects.count()
    page = text(get(browser, "about"))
    assert "No engine runs: nothing is sent to any application." in page
    assert f"{waiting} changes wait to be looked at" in page
    assert str(tmp_path) in page
    assert "Provisor 0.1.0" in page
    engine = one_engine(tmp_path)
    engine.acquire()
    try:
        assert "The engine runs." in text(get(browser, "about"))
    finally:
        engine.release()


def test_hostile_words_are_shown_as_text(browser: Client):
    bob = account("auditor", "bob")
    Account.objects.filter(pk=bob.pk).update(name=HOSTILE)
    token, _plain = issue(bob, HOSTILE, "auditor", SYSTEM)
    one = declare_attribute(SCHEMA, "badge", actor=SYSTEM, description=HOSTILE)
    pages = [get(browser, "administrators"), get(browser, "tokens", whose="all"), get(browser, "attributes")]
    pages += [
        get(browser, "revoke-token", token.id),
        get(browser, "describe-attribute", one.id),
        get(browser, "administrators", q=HOSTILE),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "{{ 7|add:7 }}" in page


def test_each_page_needs_fifteen_queries_at_most(browser: Client, django_assert_max_num_queries):
    for number in range(30):
        issue(account("auditor", f"person{number}"), "HR", "auditor", SYSTEM)
        declare_attribute(SCHEMA, f"badge{number}", actor=SYSTEM)
    for name in ("settings", "administrators", "tokens", "notifications", "attributes", "about"):
        with django_assert_max_num_queries(15):
            get(browser, name, whose="all")
