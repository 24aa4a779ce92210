"""What a session has proved, and which of two is stronger."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from django.test import Client

from provisor.access.methods import FIRST_FACTORS, Method, Strength, has_second_factor, read, strength_of
from provisor.access.models import Account
from tests.access.conftest import PASSWORD
from tests.access.test_sign_in import _sign_in

NOW = datetime(2026, 5, 3, 10, 12, tzinfo=UTC)


def _record(method: str, minutes: int = 0, **more: object) -> dict[str, object]:
    return {"method": method, "at": (NOW + timedelta(minutes=minutes)).timestamp(), **more}


def test_the_order_is_that_of_the_design():
    """Section 6: password + passkey > passkey > password + TOTP > password > e-mail code = magic link."""
    order = [
        {Method.PASSWORD, Method.PASSKEY},
        {Method.PASSKEY},
        {Method.PASSWORD, Method.TOTP},
        {Method.PASSWORD},
        {Method.EMAIL_CODE},
    ]
    strengths = [strength_of(methods) for methods in order]
    assert strengths == sorted(strengths, reverse=True)
    assert len(set(strengths)) == len(order)
    assert strength_of({Method.MAGIC_LINK}) is strength_of({Method.EMAIL_CODE})


def test_one_more_method_never_makes_a_session_weaker():
    """Whatever is proved in addition; all 127 combinations."""
    for size in range(1, len(Method) + 1):
        for methods in combinations(Method, size):
            whole = strength_of(set(methods))
            assert all(strength_of(set(methods) - {left_out}) <= whole for left_out in methods)


@pytest.mark.parametrize("methods", [set(), {Method.PROVIDER}, {Method.TOTP}, {Method.RECOVERY_CODE}])
def test_a_second_factor_alone_and_the_word_of_another_provider_prove_no_method(methods: set[Method]):
    """Policies name methods that Provisor has seen itself."""
    assert strength_of(methods) is Strength.NOTHING


def test_a_recovery_code_stands_in_for_the_app_and_not_for_a_passkey():
    """It is written down somewhere, as the secret of the app may be."""
    assert strength_of({Method.PASSWORD, Method.RECOVERY_CODE}) is Strength.PASSWORD_AND_TOTP
    assert strength_of({Method.EMAIL_CODE, Method.RECOVERY_CODE}) is Strength.EMAIL


def test_a_passkey_alone_is_two_factors_and_a_mailbox_is_one():
    """It asks for the PIN or the finger each time."""
    assert has_second_factor({Method.PASSKEY})
    assert has_second_factor({Method.EMAIL_CODE, Method.TOTP})
    assert not any(has_second_factor({first}) for first in FIRST_FACTORS - {Method.PASSKEY})


def test_records_are_read_with_the_last_time_of_each_method():
    """A second proof of the same method counts from then on."""
    proved = read(
        [
            _record("password", email="ada@example.com"),
            _record("mfa", 1, type="totp", id=1),
            _record("password", 9, reauthenticated=True),
            _record("mfa", 2, type="webauthn", id=2, passwordless=True),
            _record("code", 3, email="ada@example.com"),
            _record("magic_link", 4),
            _record("mfa", 5, type="recovery_codes", id=3),
            _record("socialaccount", 6, provider="acme", uid="42"),
        ]
    )
    assert proved.methods == set(Method)
    assert proved.at[Method.PASSWORD] == NOW + timedelta(minutes=9)
    assert proved.since(NOW + timedelta(minutes=5)).methods == {
        Method.PASSWORD,
        Method.RECOVERY_CODE,
        Method.PROVIDER,
    }
    assert proved.since(NOW + timedelta(minutes=6)).strength is Strength.PASSWORD


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"method": "password"},
        _record("mfa"),
        _record("mfa", type="sms"),
        _record("trust me"),
        {"method": []},
    ],
)
def test_a_record_that_is_not_understood_proves_nothing(record: dict[str, object]):
    """Fail closed: a later version of the library may write more."""
    assert read([record]).strength is Strength.NOTHING


def test_a_session_proves_its_password_and_a_forgotten_one_proves_nothing(owner: Account, browser: Client):
    """Through the whole site: the records are those of the session and of its account."""
    _sign_in(browser, password=PASSWORD)
    records = browser.session["account_authentication_methods"]
    assert read(records).methods == {Method.PASSWORD}
    browser.logout()
    assert "account_authentication_methods" not in browser.session
