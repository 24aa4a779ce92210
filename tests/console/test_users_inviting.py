"""Inviting people to My apps from the console, and what a person's page says of their sign-in."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from provisor.access.models import Account, Opening
from provisor.access.portal_accounts import arrive, invite_all, without_account
from provisor.audit.actor import SYSTEM
from provisor.directory.users import replace_user, set_active
from tests.console.granting import group_of, person, signed_in, slack

pytestmark = pytest.mark.django_db


def test_the_page_of_a_user_invites_by_a_letter(
    browser: Client, settings: Settings, django_capture_on_commit_callbacks
):
    """And says afterwards with which address they sign in."""
    settings.EMAIL_IS_SET = True
    ada = person("ada")
    assert "A letter goes to ada@example.com" in browser.get(f"/users/{ada.id}/invite").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(f"/users/{ada.id}/invite")
    assert answer.headers["Location"] == f"/users/{ada.id}"
    assert [letter.to for letter in mail.outbox] == [["ada@example.com"]]
    text = browser.get(f"/users/{ada.id}").content.decode()
    assert "A letter is on its way" in text
    assert "Signs in with" in text


def test_without_a_mail_server_the_link_is_shown_once(browser: Client, settings: Settings):
    """It sets the password of just this account."""
    settings.EMAIL_IS_SET = False
    ada = person("ada")
    text = browser.post(f"/users/{ada.id}/invite").content.decode()
    (path,) = re.findall(r"http://localhost(/accounts/password/reset/key/[\w-]+/)", text)
    assert Client(SERVER_NAME="localhost").get(path).status_code == 302
    assert "password/reset/key" not in browser.get(f"/users/{ada.id}").content.decode()


def test_a_refusal_is_a_sentence_on_the_page_of_the_user(browser: Client, settings: Settings):
    """Two people with one address."""
    settings.EMAIL_IS_SET = True
    ada = person("ada")
    other = person("bo")
    replace_user(other.id, {**other.resource, "emails": ada.resource["emails"]}, actor=SYSTEM)
    browser.post(f"/users/{ada.id}/invite")
    assert "is the address of several users" in browser.get(f"/users/{ada.id}").content.decode()
    assert not Account.objects.filter(directory_user=ada).exists()


def test_only_an_owner_invites(browser: Client):
    """Whoever may change the directory does not let people in."""
    ada = person("ada")
    administrator = signed_in("application-administrator")
    assert administrator.post(f"/users/{ada.id}/invite").status_code == 403
    assert administrator.get("/users/invite").status_code == 403
    assert "Invite" not in administrator.get(f"/users/{ada.id}").content.decode()


def test_a_group_is_counted_and_asked_before_letters_leave(browser: Client, settings: Settings):
    """Who is disabled, has no address or has an account already gets none."""
    settings.EMAIL_IS_SET = True
    ada, bo, cy, di = (person(name) for name in ("ada", "bo", "cy", "di"))
    group_of("Sales", [ada, bo, cy, di])
    set_active(bo.id, active=False, actor=SYSTEM)
    replace_user(cy.id, {"userName": "cy"}, actor=SYSTEM)
    arrive("di@example.com")
    text = browser.get("/users/invite?to_group=sales").content.decode()
    assert "1 active user of Sales has an address and no account yet." in text
    overtaken = browser.post("/users/invite", {"to_group": "Sales", "seen": "7"})
    assert overtaken.status_code == 422
    assert "nobody was invited" in overtaken.content.decode()
    assert "There is no group named" in browser.get("/users/invite?to_group=Nobody").content.decode()


def test_of_many_each_is_invited_by_itself_and_reasons_are_counted(
    settings: Settings, django_capture_on_commit_callbacks
):
    """One who cannot be invited stops nobody else."""
    settings.EMAIL_IS_SET = True
    people = [person(f"p{number}") for number in range(4)]
    replace_user(people[2].id, {**people[2].resource, "emails": people[0].resource["emails"]}, actor=SYSTEM)
    group = group_of("All", people)
    ids = list(without_account(group.id).values_list("id", flat=True))
    told: list[tuple[int, int]] = []
    with django_capture_on_commit_callbacks(execute=True):
        outcome = invite_all(ids, SYSTEM, origin="http://localhost", report=lambda *each: told.append(each))
    assert outcome[""] == 2
    assert sum(outcome.values()) == 4
    assert told[-1] == (4, 4)
    assert len(mail.outbox) == 2


def test_the_page_of_a_user_says_how_they_signed_in_where(browser: Client, settings: Settings):
    """Application, time, methods; and that an address has moved."""
    ada = person("ada")
    arrive("ada@example.com")
    app = slack()
    Opening.objects.create(user=ada, application_id=app.id, at=timezone.now(), methods=["password", "totp"])
    replace_user(
        ada.id, {**ada.resource, "emails": [{"value": "new@example.com", "primary": True}]}, actor=SYSTEM
    )
    text = re.sub(r"\s+", " ", browser.get(f"/users/{ada.id}").content.decode())
    assert "by password and one-time code of your authenticator app" in text
    assert "Inviting again moves the account" in text
