"""An application that does not open for somebody is in the audit record, once for each reason, however often they try."""

from uuid import uuid4

import pytest
from django.test import Client

from provisor.access import refused_openings
from provisor.access.models import RefusedOpening
from provisor.applications.models import Application
from provisor.applications.policies import update_policy
from provisor.applications.single_sign_on import configure
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import Group
from tests.portal.conftest import by_password, granted, member, person, team
from tests.portal.relying_party import REDIRECT, RelyingParty

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    """Ada's, who has proved her password; Sales is her group."""
    ada = person("ada")
    team("Sales", ada)
    return by_password(member(ada))


def _wiki(group: str, *demand: str) -> Application:
    found = Group.objects.filter(display_name=group).first() or team(group)
    return granted("Wiki", found, *demand)


def _open(browser: Client, application: Application) -> None:
    browser.get(f"/my/apps/{application.id}/open")


def _entries() -> list[dict[str, str]]:
    found = AuditEntry.objects.filter(act="application.opening_refused").order_by("id")
    return [each.payload.content["after"] | {"who": each.actor_label} for each in found]


def test_r18_whoever_has_proved_too_little_is_recorded_once_with_what_is_missing(browser: Client):
    wiki = _wiki("Sales", "password", "totp")
    for _ in range(3):
        _open(browser, wiki)
    said = 'the policy "Wiki for Sales" asks for totp (to be set up)'
    assert _entries() == [{"reason": said, "through": "portal", "who": "ada@example.com"}]


def test_r18_whoever_no_policy_names_is_recorded_once_at_either_door(browser: Client):
    wiki = _wiki("Others")
    row, secret = configure(wiki.id, {"redirect_uris": [REDIRECT]}, actor=SYSTEM)
    for _ in range(2):
        RelyingParty(row.client.id, secret or "").ask(browser)
        _open(browser, wiki)
    assert [each["reason"] for each in _entries()] == ["no policy gives it to them"]
    assert _entries()[0]["through"] == "openid-connect"


def test_another_reason_is_recorded_for_itself(browser: Client):
    wiki = _wiki("Sales", "password", "totp")
    _open(browser, wiki)
    update_policy(wiki.policies.get().id, {"second_factor": "passkey"}, actor=SYSTEM)
    _open(browser, wiki)
    assert len({each["reason"] for each in _entries()}) == len(_entries()) == 2


def test_an_application_that_is_none_fills_neither_the_record_nor_a_table(browser: Client):
    for _ in range(3):
        assert browser.get(f"/my/apps/{uuid4()}/open").status_code == 404
    assert _entries() == []
    assert not RefusedOpening.objects.exists()


def test_the_same_reason_is_recorded_again_after_a_day(browser: Client):
    wiki = _wiki("Sales", "password", "totp")
    _open(browser, wiki)
    RefusedOpening.objects.update(at=RefusedOpening.objects.get().at - refused_openings.AGAIN_AFTER)
    _open(browser, wiki)
    _open(browser, wiki)
    assert len(_entries()) == 2
