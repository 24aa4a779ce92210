"""Tokens: shown once, kept as a hash, and never worth more than their account."""

import hashlib
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from provisor.access import accounts, tokens
from provisor.access.models import Account, Role, Token
from provisor.access.permissions import Permission
from provisor.access.refusal import AccessRefusal
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import User
from tests.access.conftest import PASSWORD


@pytest.fixture
def second(owner: Account) -> Account:
    """An account that may be changed while the owner stays."""
    return accounts.create_account("second@example.com", PASSWORD, "application-administrator", SYSTEM)


def test_a_token_authenticates_as_its_account_with_its_role(owner: Account):
    """The principal carries account, token, role and the actor for the audit."""
    token, plain = tokens.issue(owner, "terraform", "application-administrator", SYSTEM)
    principal = tokens.authenticate(plain)
    assert principal is not None
    assert (principal.account, principal.token) == (owner, token)
    assert principal.role == Role.APPLICATION_ADMINISTRATOR
    assert principal.may(Permission.MANAGE_APPLICATIONS)
    assert not principal.may(Permission.MANAGE_ACCESS)
    assert (principal.actor.kind, principal.actor.id) == ("token", str(token.id))
    assert principal.actor.label == 'owner@example.com, token "terraform"'


def test_r17_the_database_holds_only_the_hash(owner: Account):
    """Whoever reads every table finds no token; the prefix alone is for recognition."""
    token, plain = tokens.issue(owner, "terraform", "auditor", SYSTEM)
    assert re.fullmatch(r"prv_[0-9A-Za-z]{43}", plain)
    assert token.digest == hashlib.sha256(plain.encode()).hexdigest()
    assert token.prefix == plain[:12]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert plain[12:] not in repr(cursor.fetchall()), table


@pytest.mark.parametrize(
    "text",
    ["", "prv_", "prv_" + "a" * 43, "prv_" + "a" * 42, "é" * 47, "prv_" + "a" * 42 + "\n", "x" * 100_000],
)
def test_what_is_no_token_is_nobody(owner: Account, text: str):
    """Unknown, short, not ASCII, with a line break, huge."""
    assert tokens.authenticate(text) is None


def test_a_token_ends_when_it_expires(owner: Account):
    """To the moment, not to the day."""
    token, plain = tokens.issue(
        owner, "short", "auditor", SYSTEM, expires_at=timezone.now() + timedelta(hours=1)
    )
    assert tokens.authenticate(plain) is not None
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert tokens.authenticate(plain) is None


def test_a_revoked_token_ends_at_once_and_for_good(owner: Account):
    """Revoking twice is no error and one entry."""
    token, plain = tokens.issue(owner, "leaked", "auditor", SYSTEM)
    tokens.revoke(token.id, SYSTEM)
    tokens.revoke(token.id, SYSTEM)
    assert tokens.authenticate(plain) is None
    acts = list(
        AuditEntry.objects.filter(act__startswith="token.").order_by("id").values_list("act", flat=True)
    )
    assert acts == ["token.issued", "token.revoked"]


def test_revoking_a_token_that_is_not_there_is_refused(db: None):
    """The refusal names the id."""
    with pytest.raises(AccessRefusal, match="no token"):
        tokens.revoke(uuid4(), SYSTEM)


def test_a_token_ends_with_its_account(second: Account):
    """Disabling is enough; nobody has to remember the tokens."""
    _, plain = tokens.issue(second, "ci", "help-desk", SYSTEM)
    accounts.disable(second.id, SYSTEM)
    assert tokens.authenticate(plain) is None


@pytest.mark.parametrize("change", [{"active": False}, {"deleted_at": timezone.now()}])
def test_a_token_ends_with_the_directory_user_of_its_account(
    owner: Account, person: User, change: dict[str, object]
):
    """Disabled or deleted in the directory ends it at the next request."""
    account = accounts.create_account("bo@example.com", PASSWORD, "help-desk", SYSTEM, directory_user=person)
    _, plain = tokens.issue(account, "ci", "help-desk", SYSTEM)
    assert tokens.authenticate(plain) is not None
    User.objects.filter(pk=person.pk).update(**change)
    assert tokens.authenticate(plain) is None


@pytest.mark.parametrize("role", ["owner", "approver", "auditor"])
def test_a_token_cannot_be_issued_above_its_account(second: Account, role: str):
    """More rights, or only other ones, are refused alike."""
    with pytest.raises(AccessRefusal) as caught:
        tokens.issue(second, "greedy", role, SYSTEM)
    assert (caught.value.field, caught.value.kind) == ("role", "exceeds")
    assert Token.objects.count() == 0


def test_a_token_falls_with_the_role_of_its_account(second: Account):
    """Checked at each use: less when the account is less, nothing when the roles cannot be compared."""
    _, plain = tokens.issue(second, "ci", "application-administrator", SYSTEM)
    accounts.change_role(second.id, "help-desk", SYSTEM)
    principal = tokens.authenticate(plain)
    assert principal is not None
    assert principal.role == Role.HELP_DESK
    assert not principal.may(Permission.MANAGE_DIRECTORY)
    accounts.change_role(second.id, "auditor", SYSTEM)
    assert tokens.authenticate(plain) is None


def test_a_raised_account_does_not_raise_its_tokens(second: Account):
    """A token keeps what it was issued with."""
    _, plain = tokens.issue(second, "ci", "help-desk", SYSTEM)
    accounts.change_role(second.id, "owner", SYSTEM)
    principal = tokens.authenticate(plain)
    assert principal is not None
    assert principal.role == Role.HELP_DESK


def test_the_last_use_is_noted_at_most_once_a_minute(owner: Account, django_assert_num_queries):
    """One query for each request, a second one each minute."""
    token, plain = tokens.issue(owner, "busy", "auditor", SYSTEM)
    with django_assert_num_queries(2):
        tokens.authenticate(plain)
    with django_assert_num_queries(1):
        tokens.authenticate(plain)
    old = timezone.now() - timedelta(seconds=61)
    Token.objects.filter(pk=token.pk).update(last_used_at=old)
    tokens.authenticate(plain)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > old


@pytest.mark.parametrize(
    ("name", "hours", "field"),
    [("", 1, "name"), ("  ", 1, "name"), ("x" * 201, 1, "name"), ("ok", -1, "expires_at")],
)
def test_a_token_needs_a_name_and_a_future(owner: Account, name: str, hours: int, field: str):
    """Nobody can recognise a nameless token, and an expired one is a mistake."""
    with pytest.raises(AccessRefusal) as caught:
        tokens.issue(owner, name, "auditor", SYSTEM, expires_at=timezone.now() + timedelta(hours=hours))
    assert caught.value.field == field
