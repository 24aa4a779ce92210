"""Somebody must be left who can manage access, whichever way an owner would go (CVE-2026-22640)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from provisor.access import accounts
from provisor.access.last_owner import live_owners
from provisor.access.models import Account
from provisor.access.refusal import AccessRefusal
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.bulk import replace_users
from provisor.directory.models import User
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.users import create_user, delete_user, set_active
from tests.access.conftest import PASSWORD


def _owner_in_the_directory() -> User:
    user = create_user({"userName": "ada"}, actor=SYSTEM)
    accounts.create_account("ada@example.com", PASSWORD, "owner", SYSTEM, directory_user=user)
    return user


def _disable(user: User) -> None:
    set_active(user.id, False, actor=SYSTEM)


def _delete(user: User) -> None:
    delete_user(user.id, actor=SYSTEM)


def _replace_many(user: User) -> None:
    replace_users([(user, {"userName": "ada", "active": False})], actor=SYSTEM)


@pytest.mark.parametrize("leave", [_disable, _delete, _replace_many])
def test_the_last_owner_does_not_leave_by_way_of_the_directory(db: None, leave: Callable[[User], None]):
    """Disabled singly or among many, or deleted: refused in a sentence that says what to do, and nothing is written."""
    user = _owner_in_the_directory()
    before = AuditEntry.objects.count()
    with pytest.raises(DirectoryRefusal, match="last owner") as caught:
        leave(user)
    assert caught.value.kind == "protected"
    assert AuditEntry.objects.count() == before
    assert User.objects.get(pk=user.pk).active
    accounts.create_account("second@example.com", PASSWORD, "owner", SYSTEM)
    leave(User.objects.get(pk=user.pk))
    assert [one.email for one in live_owners()] == ["second@example.com"]


def test_all_owners_do_not_leave_together(db: None):
    """Two owners in one change are the last ones, too."""
    users = [_owner_in_the_directory(), create_user({"userName": "bo"}, actor=SYSTEM)]
    accounts.create_account("bo@example.com", PASSWORD, "owner", SYSTEM, directory_user=users[1])
    changes = [(user, {"userName": user.user_name, "active": False}) for user in users]
    with pytest.raises(DirectoryRefusal, match="last owner"):
        replace_users(changes, actor=SYSTEM)


def test_whoever_is_no_owner_leaves_with_one_more_query(db: None, django_assert_max_num_queries: Any):
    """The question costs one statement on an index of owners, and one asks whether an account ends with the user."""
    _owner_in_the_directory()
    user = create_user({"userName": "bo"}, actor=SYSTEM)
    with django_assert_max_num_queries(15):
        _disable(user)


@pytest.mark.parametrize("act", ["demote", "disable"])
def test_two_owners_who_turn_on_each_other_at_once_do_not_both_succeed(transactional_db: None, act: str):
    """In threads with connections of their own, on whichever database the tests run on: one is refused, one owner is left."""
    first, second = (
        accounts.create_account(f"{name}@example.com", PASSWORD, "owner", SYSTEM) for name in ("a", "b")
    )
    both_ready, refused = threading.Barrier(2), []

    def turn_on(other: Account) -> None:
        both_ready.wait(20)
        try:
            if act == "demote":
                accounts.change_role(other.id, "auditor", SYSTEM)
            else:
                accounts.disable(other.id, SYSTEM)
        except AccessRefusal as refusal:
            refused.append(refusal.kind)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=turn_on, args=(other,)) for other in (first, second)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert refused == ["protected"]
    assert live_owners().count() == 1
