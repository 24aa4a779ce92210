"""Whoever guesses has to wait; and no stranger locks anybody out for ever."""

from datetime import timedelta

import pytest
from django.db.models import F, Max
from django.test import Client

from provisor.access import accounts, lockout
from provisor.access.lockout import MustWaitError, Source
from provisor.access.models import Account, FailedSignIns, Session
from provisor.access.refusal import AccessRefusal
from provisor.access.tokens import authenticate, issue
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from tests.access.hands import enter_password, errors, new_browser, signed_in

EMAIL = "owner@example.com"


def _from(number: int) -> Source:
    return Source(name=f"192.0.2.{number}", known=False)


def _fail(source: Source, times: int = 1) -> None:
    for _ in range(times):
        lockout.begin(EMAIL, source)


def _later(**span: int) -> None:
    """Let time pass: what is stored becomes older."""
    FailedSignIns.objects.update(last_at=F("last_at") - timedelta(**span))


def _wait(source: Source) -> int:
    """Seconds to wait after the last try."""
    try:
        tried = lockout.begin(EMAIL, source)
    except MustWaitError as wait:
        # From the last try on, and not from now: the machine may be slow.
        last = FailedSignIns.objects.aggregate(last=Max("last_at"))["last"]
        return round((wait.until - last).total_seconds())
    FailedSignIns.objects.filter(pk__in=tried.keys).update(failures=F("failures") - 1)
    return 0


def test_five_wrong_tries_are_free_and_then_each_one_waits_twice_as_long_up_to_an_hour(db: None):
    source = _from(1)
    _fail(source, 5)
    waits = []
    for _ in range(9):
        waits.append(_wait(source))
        _later(hours=1)
        _fail(source)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_try_while_one_has_to_wait_is_not_counted(db: None):
    """Otherwise a stranger who goes on trying would never let anybody in."""
    _fail(_from(1), 5)
    for _ in range(20):
        with pytest.raises(MustWaitError):
            lockout.begin(EMAIL, _from(1))
    assert _wait(_from(1)) == 60


def test_what_one_address_does_concerns_no_other_until_there_are_fifty(db: None):
    _fail(_from(1), 5)
    assert _wait(_from(2)) == 0
    for number in range(2, 11):
        _fail(_from(number), 5)
    assert _wait(_from(99)) == 60


def test_a_browser_that_is_known_is_not_locked_out_with_strangers(db: None):
    """And has five tries of its own."""
    for number in range(10):
        _fail(_from(number), 5)
    known = Source(name="browser x", known=True)
    assert _wait(known) == 0
    _fail(known, 5)
    assert _wait(known) == 60


def test_all_is_forgotten_after_a_day(db: None):
    _fail(_from(1), 5)
    _later(hours=25)
    assert _wait(_from(1)) == 0
    _later(hours=25)
    lockout.forget_old()
    assert not FailedSignIns.objects.exists()


def test_tries_at_once_are_all_counted_before_any_is_looked_at(owner: Account):
    """A password is compared only after its try was counted."""
    for _ in range(5):
        enter_password(new_browser(), password="wrong")
    own = FailedSignIns.objects.order_by("-failures").first()
    assert own is not None
    assert own.failures == 5
    enter_password(new_browser())
    assert FailedSignIns.objects.get(pk=own.pk).failures == 5


def test_a_known_browser_signs_in_while_strangers_are_locked_out(owner: Account, browser: Client):
    """Through the site: the cookie was set at the sign-in, and counts for its account only."""
    enter_password(browser)
    browser.post("/accounts/logout/")
    for number in range(10):
        _fail(_from(number), 5)
    stranger = new_browser()
    assert "Too many wrong tries" in errors(enter_password(stranger))[0]
    enter_password(browser)
    assert signed_in(browser)
    name, value = next((name, one.value) for name, one in browser.cookies.items() if "known" in name)
    assert EMAIL not in name
    stranger.cookies[name] = value[:-3] + "xyz"
    assert "Too many wrong tries" in errors(enter_password(stranger))[0]


def test_unknown_addresses_are_counted_alike(owner: Account):
    """Nothing is learned by who has to wait."""
    said = []
    for email in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            enter_password(new_browser(), email=email, password="wrong")
        said.append(errors(enter_password(new_browser(), email=email, password="wrong")))
    assert said[0] == said[1] != []
    assert "nobody" not in str(FailedSignIns.objects.values())


def test_r18_the_wait_is_audited_once_when_it_begins(owner: Account):
    for _ in range(7):
        enter_password(new_browser(), password="wrong")
    found = AuditEntry.objects.filter(act__startswith="account.").exclude(act="account.created")
    acts = list(found.order_by("id").values_list("act", flat=True))
    assert acts == ["account.sign_in_refused"] * 5 + ["account.locked_out"]


def test_an_administrator_unlocks_and_it_is_audited(owner: Account):
    _fail(_from(1), 5)
    accounts.unlock(owner.id, SYSTEM)
    assert _wait(_from(1)) == 0
    assert AuditEntry.objects.latest("id").act == "account.unlocked"
    count = AuditEntry.objects.count()
    accounts.unlock(owner.id, SYSTEM)
    assert AuditEntry.objects.count() == count


def test_a_locked_account_cannot_sign_in_and_loses_its_sessions_while_its_tokens_go_on(
    owner: Account, browser: Client
):
    """The difference to a disabled one."""
    bo = accounts.create_account("bo@example.com", "a long enough phrase", "auditor", SYSTEM)
    _, token = issue(bo, "report", "auditor", SYSTEM)
    enter_password(browser, email="bo@example.com")
    accounts.lock(bo.id, SYSTEM)
    assert not Session.objects.filter(account=bo).exists()
    assert not signed_in(browser)
    assert enter_password(browser, email="bo@example.com").headers["Location"] == "/accounts/inactive/"
    assert authenticate(token) is not None
    accounts.unlock(bo.id, SYSTEM)
    enter_password(browser, email="bo@example.com")
    assert signed_in(browser)
    acts = AuditEntry.objects.filter(act__in=["account.locked", "account.unlocked"])
    assert [one.subject_label for one in acts] == ["bo@example.com"] * 2


def test_the_last_owner_who_can_sign_in_cannot_be_locked_and_a_locked_one_counts_for_none(owner: Account):
    with pytest.raises(AccessRefusal, match="last owner"):
        accounts.lock(owner.id, SYSTEM)
    second = accounts.create_account("second@example.com", "a long enough phrase", "owner", SYSTEM)
    accounts.lock(second.id, SYSTEM)
    with pytest.raises(AccessRefusal, match="last owner"):
        accounts.disable(owner.id, SYSTEM)
