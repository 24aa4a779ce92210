"""Accounts: what is accepted, who is protected, and that every act is audited."""

from uuid import uuid4

import pytest
from pytest_django import Settings

from provisor.access import accounts
from provisor.access.models import Account, Role
from provisor.access.refusal import AccessRefusal
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.audit.verify import verify
from provisor.directory.models import User
from provisor.site import settings as site_settings
from tests.access.conftest import PASSWORD


def _acts() -> list[str]:
    return list(
        AuditEntry.objects.filter(act__startswith="account.").order_by("id").values_list("act", flat=True)
    )


def test_an_account_is_made_with_argon2_and_its_address_in_lower_case(db: None, settings: Settings):
    """Argon2id first, as stack.md asks; addresses differ by more than case."""
    settings.PASSWORD_HASHERS = site_settings.PASSWORD_HASHERS
    account = accounts.create_account(" Ada@Example.com ", PASSWORD, "approver", SYSTEM)
    account.refresh_from_db()
    assert account.email == "ada@example.com"
    assert account.role == Role.APPROVER
    assert account.password.startswith("argon2$argon2id$")
    assert account.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("given", "field", "kind"),
    [
        (("nobody", PASSWORD, "owner"), "email", "invalid"),
        (("a@example.com", "short", "owner"), "password", "invalid"),
        (("a@example.com", "eleven char", "owner"), "password", "invalid"),
        (("a@example.com", "q1w2e3r4t5y6", "owner"), "password", "invalid"),
        (("someone.long@example.com", "someone.long@example", "owner"), "password", "invalid"),
        (("a@example.com", PASSWORD, "root"), "role", "invalid"),
        (("OWNER@example.com", PASSWORD, "owner"), "email", "duplicate"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(
    owner: Account, given: tuple[str, str, str], field: str, kind: str
):
    """Length, common passwords, likeness to the address, known roles, one account for each address."""
    with pytest.raises(AccessRefusal) as caught:
        accounts.create_account(*given, SYSTEM)
    assert (caught.value.field, caught.value.kind) == (field, kind)
    assert Account.objects.count() == 1


def test_the_password_is_never_in_the_refusal(db: None):
    """A refusal is shown and logged (R17)."""
    with pytest.raises(AccessRefusal) as caught:
        accounts.create_account("a@example.com", "canary", "owner", SYSTEM)
    assert "canary" not in str(caught.value)


def test_the_last_owner_can_neither_be_disabled_nor_lose_the_role(owner: Account):
    """Somebody must be left who can manage access (CVE-2026-22640)."""
    for act in (
        lambda: accounts.disable(owner.id, SYSTEM),
        lambda: accounts.change_role(owner.id, "auditor", SYSTEM),
    ):
        with pytest.raises(AccessRefusal, match="last owner") as caught:
            act()
        assert caught.value.kind == "protected"
    owner.refresh_from_db()
    assert (owner.is_active, owner.role) == (True, "owner")


def test_an_owner_who_cannot_sign_in_does_not_count(owner: Account, person: User):
    """A second owner protects the first only while he could take over."""
    second = accounts.create_account("second@example.com", PASSWORD, "owner", SYSTEM, directory_user=person)
    User.objects.filter(pk=person.pk).update(active=False)
    with pytest.raises(AccessRefusal, match="last owner"):
        accounts.disable(owner.id, SYSTEM)
    User.objects.filter(pk=person.pk).update(active=True)
    accounts.disable(owner.id, SYSTEM)
    with pytest.raises(AccessRefusal, match="last owner"):
        accounts.disable(second.id, SYSTEM)


def test_an_account_that_is_not_there_is_missing(db: None):
    """The refusal names the id."""
    nowhere = uuid4()
    with pytest.raises(AccessRefusal, match=str(nowhere)) as caught:
        accounts.disable(nowhere, SYSTEM)
    assert caught.value.kind == "missing"


def test_r18_every_act_has_its_audit_entry_and_the_chain_holds(owner: Account):
    """Created, role changed, disabled, enabled, password changed; doing nothing writes nothing."""
    account = accounts.create_account("a@example.com", PASSWORD, "auditor", SYSTEM)
    accounts.change_role(account.id, "help-desk", SYSTEM)
    accounts.change_role(account.id, "help-desk", SYSTEM)
    accounts.disable(account.id, SYSTEM)
    accounts.disable(account.id, SYSTEM)
    accounts.enable(account.id, SYSTEM)
    accounts.set_password(account.id, "another long phrase", SYSTEM)
    assert _acts() == [
        "account.created",
        "account.created",
        "account.role_changed",
        "account.disabled",
        "account.enabled",
        "account.password_changed",
    ]
    assert verify().ok


def test_r18_without_its_audit_entry_nothing_is_done(owner: Account, monkeypatch: pytest.MonkeyPatch):
    """The act and the entry are one transaction."""

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(accounts, "record", fails)
    with pytest.raises(RuntimeError):
        accounts.create_account("a@example.com", PASSWORD, "auditor", SYSTEM)
    assert Account.objects.count() == 1


def test_r17_the_audit_holds_no_password(owner: Account):
    """Neither in clear nor hashed."""
    accounts.set_password(owner.id, "canary canary canary", SYSTEM)
    owner.refresh_from_db()
    written = " ".join(str(payload.text) for payload in AuditPayload.objects.all())
    assert "canary" not in written
    assert owner.password not in written
