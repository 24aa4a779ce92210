"""Letters of sign-in wait in a table until the engine sends them: no request asks a mail server, and none is lost."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django.fixtures import Settings

from provisor.access import letters
from provisor.access.models import Account, Letter
from tests.access.hands import new_browser, post

pytestmark = [pytest.mark.django_db, pytest.mark.outbox]
#: Pages that ask for a letter, by what they send.
ASKS = {"code": "/accounts/code/", "reset": "/accounts/password/reset/", "link": "/accounts/link/"}


class InTurn:
    """Runs what the engine's database thread would."""

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        return function(*args)


def _deliver() -> None:
    """One look of the engine, without its threads: the test's transaction is seen by no other connection."""
    for letter in letters.take_due():
        letters.note(letter, letters.send(letter))


@pytest.fixture(autouse=True)
def with_mail(settings: Settings) -> None:
    settings.EMAIL_IS_SET = True


@pytest.mark.parametrize("how", ASKS)
def test_no_request_asks_a_mail_server_and_each_writes_one_letter_whoever_has_an_account(
    how: str, owner: Account, monkeypatch: pytest.MonkeyPatch
):
    """So the time that a page takes does not tell who has one."""
    monkeypatch.setattr(EmailBackend, "send_messages", lambda *_: pytest.fail("a mail server was asked"))
    for address in (owner.email, "nobody@example.com"):
        Letter.objects.all().delete()
        answer = post(new_browser(), ASKS[how], email=address)
        assert answer.status_code == 302
        assert Letter.objects.count() == 1


@pytest.mark.parametrize("how", ASKS)
def test_a_letter_leaves_once_to_who_has_an_account_and_to_nobody_else(how: str, owner: Account):
    for address in (owner.email, "nobody@example.com"):
        post(new_browser(), ASKS[how], email=address)
    _deliver()
    _deliver()
    assert [letter.to for letter in mail.outbox] == [[owner.email]]
    assert not Letter.objects.exists()


def test_r17_what_is_in_a_letter_is_sealed(owner: Account):
    post(new_browser(), ASKS["code"], email=owner.email)
    stored = bytes(Letter.objects.get().sealed)
    _deliver()
    code = mail.outbox[0].body.split("\n\n")[1].strip()
    assert code.encode() not in stored
    assert owner.email.encode() not in stored


def test_a_letter_of_a_process_that_died_while_sending_is_sent_by_the_next(owner: Account):
    post(new_browser(), ASKS["code"], email=owner.email)
    assert len(letters.take_due()) == 1
    assert letters.take_due() == []
    Letter.objects.update(not_before=timezone.now())
    _deliver()
    assert len(mail.outbox) == 1


def test_a_letter_that_does_not_leave_is_tried_again_and_given_up_in_the_end(
    owner: Account, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    post(new_browser(), ASKS["code"], email=owner.email)
    waits = []
    while Letter.objects.exists():
        before = timezone.now()
        _deliver()
        waits += [
            letter.not_before >= before + letters.AGAIN_AFTER[letter.attempts - 1]
            for letter in Letter.objects.all()
        ]
        Letter.objects.update(not_before=before - timedelta(seconds=1))
    assert waits == [True] * len(letters.AGAIN_AFTER)


async def _one_round(store: InTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Letter] = []
    monkeypatch.setattr(letters, "send", lambda letter: sent.append(letter) or "")
    noted: list[tuple[object, str]] = []
    monkeypatch.setattr(letters, "note", lambda letter, problem: noted.append((letter, problem)))
    two = [Letter(), Letter()]
    await letters.deliver(two, store)
    assert {id(one) for one in sent} == {id(one) for one in two}
    assert [problem for _, problem in noted] == ["", ""]


def test_the_engine_sends_several_at_once_and_notes_each(monkeypatch: pytest.MonkeyPatch):
    asyncio.run(_one_round(InTurn(), monkeypatch))
