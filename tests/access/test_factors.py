"""Authenticator apps and recovery codes: added, asked for, refused, removed; and how they lie in the database."""

import json
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings

from provisor.access import accounts, methods
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.directory.models import User
from provisor.site.keys import encryption_keys, prepare
from provisor.vault.registry import used_keys
from provisor.vault.rotation import rotate
from tests.access.hands import (
    add_app,
    app_code,
    enter_password,
    errors,
    factors_of,
    new_browser,
    post,
    recovery_codes,
    send,
    signed_in,
)

FACTOR = "/accounts/factor/"


@pytest.fixture
def secret(owner: Account, browser: Client) -> str:
    """The owner has an authenticator app; the session in `browser` goes on."""
    enter_password(browser)
    return add_app(browser)


def test_after_the_password_the_code_of_the_app_is_asked_for_and_both_are_recorded(
    secret: str, owner: Account
):
    """Half a sign-in opens nothing."""
    browser = new_browser()
    assert enter_password(browser).headers["Location"] == FACTOR
    assert not signed_in(browser)
    assert post(browser, FACTOR, code=app_code(secret)).status_code == 302
    assert signed_in(browser)
    proved = methods.read(browser.session["account_authentication_methods"])
    assert proved.strength is methods.Strength.PASSWORD_AND_TOTP
    entry = AuditEntry.objects.filter(act="account.signed_in").latest("id")
    assert json.loads(entry.payload.text or "")["after"] == {"methods": ["password", "totp"]}


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_refused(secret: str, steps: int):
    """One step of half a minute either way is let through, and no more."""
    browser = new_browser()
    enter_password(browser)
    assert errors(post(browser, FACTOR, code=app_code(secret, steps))) == ["Incorrect code."]
    assert not signed_in(browser)


@pytest.mark.parametrize("step", [0, 1])
def test_a_code_counts_once_also_in_the_neighbouring_step(secret: str, owner: Account, step: int):
    """Who looked over the shoulder comes too late, also when the library has forgotten the code after one step."""
    code = app_code(secret, step)
    first, second = new_browser(), new_browser()
    enter_password(first)
    post(first, FACTOR, code=code)
    assert signed_in(first)
    assert cache.delete(f"allauth.mfa.totp.used?user={owner.pk}&code={code}")
    enter_password(second)
    post(second, FACTOR, code=code)
    assert not signed_in(second)


def test_a_recovery_code_lets_in_once(secret: str, browser: Client):
    """Ten codes; nine are left."""
    codes = recovery_codes(browser)
    assert len(codes) == len(set(codes)) == 10
    for expected in (True, False):
        other = new_browser()
        enter_password(other)
        post(other, FACTOR, code=codes[0])
        assert signed_in(other) is expected
    assert "9 are left" in browser.get("/account").content.decode()


def test_recovery_codes_are_shown_once(secret: str, browser: Client):
    """The second look shows how many are left."""
    assert recovery_codes(browser)
    assert recovery_codes(browser) == []
    assert "10 codes are left" in browser.get("/account/factors/codes").content.decode()


def test_r17_the_secret_and_the_codes_are_sealed_for_their_account(
    secret: str, owner: Account, browser: Client
):
    """Neither is in the database in clear, and a copied one does not open in another row."""
    codes = recovery_codes(browser)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT session_data FROM access_session")
        stored += str(cursor.fetchall())
    assert secret not in stored
    assert not any(code in stored for code in codes)
    assert not any(
        str(text) and secret in str(text) for text in AuditPayload.objects.values_list("text", flat=True)
    )


def test_r17_a_secret_that_was_copied_into_the_row_of_another_account_lets_nobody_in(
    secret: str, owner: Account
):
    """Who can write the database and has an app of their own is not the owner by that."""
    victim = accounts.create_account("vic@example.com", "a long enough phrase", "owner", SYSTEM)
    mine = Authenticator.objects.get(user=owner, type="totp")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mfa_authenticator (user_id, type, data, created_at) SELECT %s, type, data, created_at"
            " FROM mfa_authenticator WHERE id = %s",
            [victim.pk.hex if connection.vendor == "sqlite" else victim.pk, mine.pk],
        )
    browser = new_browser()
    enter_password(browser, email="vic@example.com")
    assert "copied from another one" in errors(post(browser, FACTOR, code=app_code(secret)))[0]
    assert not signed_in(browser)


def test_r17_secrets_of_factors_are_wrapped_anew_when_the_key_is_exchanged(
    transactional_db: None, settings: Settings, tmp_path: Path, owner: Account, browser: Client
):
    """They are in the register of what is sealed, and open afterwards."""
    settings.ENCRYPTION_KEYS = encryption_keys({}, prepare({"PROVISOR_DATA_DIR": str(tmp_path / "data")}))
    enter_password(browser)
    secret = add_app(browser)
    codes = recovery_codes(browser)
    before = used_keys()
    done = rotate(actor=SYSTEM)
    assert (done.rewrapped, done.damaged, done.lost, before.total()) == (2, [], 0, 2)
    assert not set(before) & set(used_keys())
    for code in (app_code(secret), codes[0]):
        other = new_browser()
        enter_password(other)
        post(other, FACTOR, code=code)
        assert signed_in(other)


def test_r18_factors_are_audited_with_their_act_and_without_a_secret(
    secret: str, owner: Account, browser: Client
):
    """Added and removed, by whom, and what."""
    send(browser, "/account/factors/app/remove")
    acts = list(AuditEntry.objects.filter(act__startswith="account.factor").values_list("act", "actor_label"))
    assert (
        acts
        == [("account.factor_added", "owner@example.com")] * 2
        + [("account.factor_removed", "owner@example.com")] * 2
    )
    assert factors_of(owner) == []


def test_r18_no_factor_is_saved_outside_a_transaction(transactional_db: None):
    """No audit entry, no act."""
    account = accounts.create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)
    with pytest.raises(AssertionError):
        Authenticator.objects.create(user=account, type="webauthn", data={})
    assert not Authenticator.objects.exists()


def test_the_app_is_removed_only_by_who_proves_to_be_it(secret: str, browser: Client, owner: Account):
    """A session that was left open for long asks again, and goes on with the act afterwards."""
    _age(browser)
    answer = send(browser, "/account/factors/app/remove")
    assert answer.headers["Location"].startswith("/accounts/again/")
    assert factors_of(owner) == ["recovery_codes", "totp"]
    assert post(browser, answer.headers["Location"], password="not the password").status_code == 200
    assert factors_of(owner) == ["recovery_codes", "totp"]
    send(browser, answer.headers["Location"], password="a long enough phrase")
    assert factors_of(owner) == []


def test_who_was_disabled_between_the_two_factors_is_not_let_in(secret: str, owner: Account):
    """The account is looked at once more before the session begins."""
    accounts.create_account("second@example.com", "a long enough phrase", "owner", SYSTEM)
    browser = new_browser()
    enter_password(browser)
    accounts.disable(owner.id, SYSTEM)
    assert post(browser, FACTOR, code=app_code(secret)).headers["Location"] == "/accounts/inactive/"
    assert not signed_in(browser)
    assert AuditEntry.objects.filter(act="account.signed_in").count() == 1


def test_whose_directory_user_is_disabled_between_the_two_factors_is_not_let_in(person: User):
    """The same by the other switch."""
    accounts.create_account(
        "bo@example.com", "a long enough phrase", "help-desk", SYSTEM, directory_user=person
    )
    browser, other = new_browser(), new_browser()
    enter_password(browser, email="bo@example.com")
    secret = add_app(browser)
    enter_password(other, email="bo@example.com")
    User.objects.filter(pk=person.pk).update(active=False)
    assert post(other, FACTOR, code=app_code(secret)).headers["Location"] == "/accounts/inactive/"
    assert not signed_in(other)


def test_five_wrong_codes_are_enough(secret: str):
    """The sixth is not looked at, though it is the right one."""
    browser = new_browser()
    enter_password(browser)
    for _ in range(5):
        post(browser, FACTOR, code="000000")
    assert errors(post(browser, FACTOR, code=app_code(secret))) == [
        "Too many wrong tries. Try again in 1 minute, or sign in with a passkey."
    ]


def _age(browser: Client) -> None:
    """Let the proofs of the session be a quarter of an hour old."""
    session = browser.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 15 * 60
    session.save()
