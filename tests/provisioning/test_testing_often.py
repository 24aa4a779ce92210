"""Tests of a connection are recorded before they leave, without a secret, and are not endless (CVE-2026-55106)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.access.tokens import issue
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.provisioning.preview import examination, testing_often
from provisor.provisioning.preview.testing_often import MOST, TestedTooOften

pytestmark = pytest.mark.django_db
#: Nothing listens there, and a connection is refused at once.
NOWHERE = "https://127.0.0.1:9/scim/v2"


@pytest.fixture
def owner() -> Account:
    return create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)


@pytest.fixture
def application() -> Application:
    return _application("Slack")


def _application(name: str) -> Application:
    auth = {"method": "bearer", "token": "stored-secret"}
    return create_application(actor=SYSTEM, name=name, base_url=NOWHERE, auth=auth)


def _tested(actor: Actor, application: Application, times: int = MOST) -> None:
    for _ in range(times):
        examination.test_connection(application.pk, actor=actor)


def test_whoever_has_tested_ten_times_within_a_minute_waits_and_nothing_is_sent(
    owner: Account, application: Application, monkeypatch: pytest.MonkeyPatch
):
    actor = of_account(owner).actor
    _tested(actor, application)
    monkeypatch.setattr(examination, "connect", lambda *_: pytest.fail("it was sent"))
    with pytest.raises(TestedTooOften, match="10 times within a minute") as refused:
        examination.test_connection(application.pk, actor=actor)
    assert 1 <= refused.value.seconds <= 60
    with pytest.raises(TestedTooOften):
        examination.read_attributes(application.pk, actor=actor)
    assert AuditEntry.objects.filter(act="application.tested").count() == MOST


def test_each_person_and_each_application_is_counted_for_itself(owner: Account, application: Application):
    other = create_account("other@example.com", "a long enough phrase", "owner", SYSTEM)
    _tested(of_account(owner).actor, application)
    _tested(of_account(other).actor, application, 1)
    _tested(of_account(owner).actor, _application("Zeppelin"), 1)


def test_who_waits_may_test_again_after_a_minute(
    owner: Account, application: Application, monkeypatch: pytest.MonkeyPatch
):
    actor = of_account(owner).actor
    _tested(actor, application)
    later = timezone.now() + timedelta(seconds=61)
    monkeypatch.setattr(testing_often.timezone, "now", lambda: later)
    _tested(actor, application, 1)


def test_a_shell_on_the_server_is_not_counted(application: Application):
    _tested(Actor(kind="command", id="root", label="a shell"), application, MOST + 1)


def test_r17_r18_a_test_of_typed_values_is_in_the_record_without_them(owner: Account):
    values = {"token": "typed-secret"}
    examination.try_values(NOWHERE, "bearer", values, actor=of_account(owner).actor)
    entry = AuditEntry.objects.get(act="connection.tried")
    assert entry.actor_label == owner.email
    assert entry.payload.content == {"after": {"base_url": NOWHERE, "method": "bearer"}}
    assert not AuditPayload.objects.filter(text__contains="typed-secret").exists()


def test_typed_values_of_no_application_are_counted_together(owner: Account):
    """Or somebody could look at every port of a host, one typed address after the other."""
    actor = of_account(owner).actor
    for port in range(MOST):
        examination.try_values(f"https://127.0.0.1:{port + 1}/", "bearer", {"token": "t"}, actor=actor)
    with pytest.raises(TestedTooOften):
        examination.try_values(NOWHERE, "bearer", {"token": "t"}, actor=actor)


def test_the_management_interface_answers_429_with_the_seconds(owner: Account, application: Application):
    plain = issue(owner, "robot", "owner", SYSTEM)[1]
    ask = {"path": f"/api/v1/applications/{application.pk}/test", "content_type": "application/json"}
    browser = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {plain}"})
    answers = [browser.post(**ask).status_code for _ in range(MOST)]
    assert answers == [200] * MOST
    refused = browser.post(**ask)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["type"] == "urn:provisor:problem:too-often"


@pytest.mark.parametrize("page", ["settings/test", "mapping/attributes"])
def test_the_pages_say_how_long_to_wait(owner: Account, application: Application, page: str):
    _tested(of_account(owner).actor, application)
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    answer = browser.post(f"/apps/{application.pk}/{page}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "10 times within a minute" in answer.content.decode()
