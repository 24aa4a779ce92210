"""Lessons that the holes of others teach, each as a test (docs/threat-model.md names the CVEs)."""

from collections.abc import Callable

import orjson
import pytest
from django.db import transaction
from django.test import Client

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.access.tokens import issue
from provisor.applications.applications import create_application
from provisor.audit import record as recording
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import User
from provisor.directory.users import create_user
from provisor.provisioning.preview import examination

Ask = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def owner(db: None) -> Account:
    return create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)


@pytest.fixture
def ask(owner: Account) -> Ask:
    token = issue(owner, "scim", "owner", SYSTEM)[1]

    def send(method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        answer = Client().generic(
            method,
            f"/scim/v2{path}",
            b"" if body is None else orjson.dumps(body),
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.status_code, orjson.loads(answer.content) if answer.content else {}

    return send


def test_an_external_id_never_stands_for_an_id(ask: Ask, owner: Account) -> None:
    """CVE-2025-41115: "1", the id of an account, another user's id: a value from outside addresses nobody."""
    victim = create_user({"userName": "victim"}, actor=SYSTEM)
    for number, external in enumerate((str(victim.id), "1", str(owner.pk), "admin")):
        status, made = ask("POST", "/Users", {"userName": f"eve{number}", "externalId": external})
        assert status == 201
        assert made["id"] != external
        assert ask("GET", f"/Users/{external}")[1].get("userName") in {"victim", None}
    assert ask("GET", f"/Users/{victim.id}")[1]["userName"] == "victim"
    assert Account.objects.count() == 1


def test_scim_changes_nobodys_sign_in(ask: Ask) -> None:
    """CVE-2022-1680: another address for a directory user is no other address for the account of that person."""
    person = create_user(
        {"userName": "bo", "emails": [{"value": "bo@example.com", "type": "work"}]}, actor=SYSTEM
    )
    account = create_account("bo@example.com", "a long enough phrase", "auditor", SYSTEM)
    Account.objects.filter(pk=account.pk).update(directory_user=person)
    change = {"userName": "eve", "emails": [{"value": "eve@evil.example", "type": "work", "primary": True}]}
    assert ask("PUT", f"/Users/{person.id}", change)[0] == 200
    account.refresh_from_db()
    assert (account.email, account.role) == ("bo@example.com", "auditor")
    assert not Account.objects.filter(email="eve@evil.example").exists()


def test_an_attribute_of_ours_cannot_be_set_from_outside(ask: Ask) -> None:
    """CVE-2024-37905: members of a body that name what is ours are no way to it."""
    status, made = ask(
        "POST",
        "/Users",
        {"userName": "eve", "id": "1", "role": "owner", "meta": {"version": "x"}, "account": 1},
    )
    assert status in {201, 400}
    if status == 201:
        assert made["id"] != "1"
        assert "role" not in made
    assert set(Account.objects.values_list("role", flat=True)) == {"owner"}
    assert User.objects.filter(user_name="eve").count() == (status == 201)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "'",
        "%00",
        "\\x00",
        "a" * 5_000,
        "null",
        "../../etc",
        "=;=",
        "provisor-session=provisor-session",
    ],
)
def test_a_malformed_cookie_lets_nobody_in(owner: Account, cookie: str) -> None:
    """CVE-2026-25748: what cannot be read proves nothing."""
    client = Client(SERVER_NAME="localhost")
    answer = client.get("/users", headers={"Cookie": f"provisor-session={cookie}"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_a_test_of_the_connection_is_audited_before_the_credential_is_used(
    owner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-55106: and without its entry nothing is sent."""
    auth = {"method": "bearer", "token": "a-token-0123456789"}
    application = create_application(name="A", base_url="https://127.0.0.1:9/v2", auth=auth, actor=SYSTEM)
    examination.test_connection(application.id, actor=SYSTEM)
    assert AuditEntry.objects.filter(act="application.tested", subject_id=str(application.id)).count() == 1

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(recording, "_store", fail)
    asked: list[object] = []
    monkeypatch.setattr(examination, "_examine", lambda *given: asked.append(given))
    with pytest.raises(OSError, match="no space"), transaction.atomic():
        examination.test_connection(application.id, actor=SYSTEM)
    assert asked == []
