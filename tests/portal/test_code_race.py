"""A code of single sign-on is exchanged once, also when two bring it at the same moment, on either database."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from provisor.access.models import Account
from provisor.api.single_sign_on import tokens
from provisor.applications.single_sign_on import configure
from provisor.audit.actor import SYSTEM
from tests.portal.conftest import by_password, granted, member, person, team
from tests.portal.relying_party import REDIRECT, RelyingParty

_AT_ONCE = 4


@pytest.fixture
def party(transactional_db: None) -> RelyingParty:
    """An application with a code, which was given to somebody in scope."""
    ada = person("ada")
    row, secret = configure(
        granted("Wiki", team("Sales", ada)).id, {"redirect_uris": [REDIRECT]}, actor=SYSTEM
    )
    assert secret is not None
    member(ada)
    return RelyingParty(row.client.id, secret)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What `take` said to each; nobody is answered before all have come, so all stand at the same place."""
    said: list[bool] = []
    all_there, original = threading.Barrier(_AT_ONCE), tokens.take

    def take(code: str) -> bool:
        all_there.wait()
        said.append(original(code))
        return said[-1]

    monkeypatch.setattr(tokens, "take", take)
    return said


def test_r20_of_four_who_bring_one_code_at_once_exactly_one_is_given_tokens(
    party: RelyingParty, taken: list[bool]
):
    """Whoever has overheard a code is as late as its owner, or its owner finds out."""
    code = party.answer(party.ask(_browser()))["code"]
    party.discovery()  # what is made once is made before
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(_with_its_own_connection(lambda: _status(party, code)), range(_AT_ONCE)))
    assert sorted(taken) == [False, False, False, True]
    assert sorted(answers) == [200, 400, 400, 400]


def _browser() -> Client:
    return by_password(Account.objects.get(email="ada@example.com"))


def _status(party: RelyingParty, code: str) -> int:
    with_own_client = RelyingParty(party.client_id, party.secret, verifier=party.verifier)
    return int(with_own_client.exchange(code).status_code)


def _with_its_own_connection(ask: Callable[[], int]) -> Callable[[int], int]:
    def asked(_: int) -> int:
        try:
            return ask()
        finally:
            connections.close_all()

    return asked
