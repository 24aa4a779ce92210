"""Accounts, tokens and the audit record by the command line."""

import json

from allauth.mfa.models import Authenticator
from django.db import transaction

from provisor.access.models import Account
from provisor.access.tokens import authenticate
from provisor.audit.models import AuditEntry
from tests.cli.conftest import Command

PASSWORD = "a long enough phrase"


def _owner(provisor: Command, email: str = "ada@example.com") -> None:
    made = provisor("admin", "create", "--email", email, "--password-stdin", given=f"{PASSWORD}\n")
    assert made.exit_code == 0, made.output


def test_an_owner_can_sign_in_with_the_password_from_standard_input(provisor: Command) -> None:
    """The account is an owner, and has the password that was piped in, without the line's end."""
    _owner(provisor)
    account = Account.objects.get(email="ada@example.com")
    assert account.role == "owner"
    assert account.check_password(PASSWORD)


def test_a_token_is_printed_once_and_works(provisor: Command) -> None:
    """Standard output holds the token alone, so that a script can keep it."""
    _owner(provisor)
    made = provisor("token", "create", "ci", "--role", "auditor")
    principal = authenticate(made.stdout.strip())
    assert principal is not None
    assert principal.role == "auditor"


def test_a_token_without_any_account_is_refused_with_the_way_out(provisor: Command) -> None:
    """The sentence names the command that comes first."""
    made = provisor("token", "create", "ci", "--role", "auditor")
    assert made.exit_code == 2
    assert "provisor admin create" in made.stderr


def test_with_two_owners_a_token_needs_an_account(provisor: Command) -> None:
    """Nobody guesses whose token it shall be."""
    _owner(provisor)
    _owner(provisor, "bo@example.com")
    refused = provisor("token", "create", "ci", "--role", "auditor")
    assert (refused.exit_code, "--account" in refused.stderr) == (2, True)
    made = provisor("token", "create", "ci", "--role", "auditor", "--account", "BO@example.com", "--json")
    assert json.loads(made.stdout)["name"] == "ci"


def test_a_weak_password_is_refused(provisor: Command) -> None:
    """Its sentence says what is missing; no account was made."""
    made = provisor("admin", "create", "--email", "ada@example.com", "--password-stdin", given="short\n")
    assert made.exit_code == 2
    assert "12" in made.stderr
    assert not Account.objects.exists()


def test_r18_audit_verify_finds_an_edit(provisor: Command) -> None:
    """A whole chain exits with 0; an edited one with 1 and the place."""
    _owner(provisor)
    whole = provisor("audit", "verify")
    assert whole.exit_code == 0, whole.output
    AuditEntry.objects.filter(act="account.created").update(act="account.enabled")
    broken = provisor("audit", "verify")
    assert broken.exit_code == 1
    assert "edited" in broken.stderr
    assert json.loads(provisor("audit", "verify", "--json").stdout)["ok"] is False


def test_an_account_is_locked_and_unlocked_and_the_last_owner_is_not(provisor: Command) -> None:
    """Each act is audited; the last owner who can sign in stays one."""
    _owner(provisor)
    refused = provisor("admin", "lock", "ada@example.com")
    assert refused.exit_code == 2
    assert "last owner" in refused.stderr
    _owner(provisor, "bo@example.com")
    assert provisor("admin", "lock", "Bo@example.com").exit_code == 0
    assert not Account.objects.get(email="bo@example.com").may_sign_in()
    assert provisor("admin", "unlock", "bo@example.com").exit_code == 0
    assert Account.objects.get(email="bo@example.com").may_sign_in()
    acts = (
        AuditEntry.objects.filter(subject_label="bo@example.com").order_by("id").values_list("act", flat=True)
    )
    assert list(acts) == ["account.created", "account.locked", "account.unlocked"]


def test_whoever_lost_everything_is_let_in_again_on_the_server(provisor: Command) -> None:
    """A new password, and no factor is left; all of it is audited."""
    _owner(provisor)
    account = Account.objects.get()
    with transaction.atomic():
        Authenticator.objects.create(user=account, type="webauthn", data={"name": "Lost key"})
    done = provisor("admin", "reset", "ada@example.com", "--password-stdin", given="another long phrase\n")
    assert done.exit_code == 0, done.output
    assert not Authenticator.objects.exists()
    account.refresh_from_db()
    assert account.check_password("another long phrase")
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"account.factor_removed", "account.password_changed", "account.reset"} <= acts
    assert provisor("admin", "reset", "nobody@example.com").exit_code == 2
