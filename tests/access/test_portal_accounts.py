"""How people of the directory come to sign in, and that an ambiguous or moved address never lets in somebody else."""

from typing import Any

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from provisor.access.accounts import change_role, create_account
from provisor.access.models import Account, Role
from provisor.access.permissions import Permission
from provisor.access.portal_accounts import arrive, invite, owns_its_mailbox
from provisor.access.principals import of_account
from provisor.access.refusal import AccessRefusal
from provisor.access.tokens import issue
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.directory.models import User
from provisor.directory.users import create_user, replace_user, set_active
from tests.access.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ORIGIN = "https://id.example.com"


def someone(name: str, address: str = "", **more: Any) -> User:
    emails = [{"value": address or f"{name}@example.com", "primary": True}]
    return create_user(
        {"userName": name, "displayName": name.title(), "emails": emails, **more}, actor=SYSTEM
    )


def move(user: User, address: str) -> None:
    replace_user(user.id, {**user.resource, "emails": [{"value": address, "primary": True}]}, actor=SYSTEM)


def acts() -> list[str]:
    return list(
        AuditEntry.objects.filter(act__startswith="account.").order_by("id").values_list("act", flat=True)
    )


def test_an_invitation_makes_a_member_with_no_right_and_tells_them_the_way_in(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    """One letter, to the address of the directory, after the act is stored."""
    settings.EMAIL_IS_SET = True
    ada = someone("ada", "Ada@Example.com")
    with django_capture_on_commit_callbacks(execute=True):
        invited = invite(ada.id, SYSTEM, origin=ORIGIN)
    account = Account.objects.get()
    assert (account.email, account.role, account.directory_user) == ("ada@example.com", Role.MEMBER, ada)
    assert not account.has_usable_password()
    assert not any(of_account(account).may(one) for one in Permission)
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.com"]
    assert f"{ORIGIN}/my/" in letter.body
    assert invited.password_url in letter.body
    assert invited.password_url.startswith(f"{ORIGIN}/accounts/password/reset/key/")
    assert acts() == ["account.created", "account.invited"]


def test_nothing_of_the_one_time_link_is_in_the_record_or_in_a_representation(settings: Settings):
    """R17: whoever holds it can set the password."""
    ada = someone("ada")
    invited = invite(ada.id, SYSTEM, origin=ORIGIN)
    key = invited.password_url.rstrip("/").rpartition("-")[2]
    assert key not in repr(invited)
    assert not any(key in str(one) for one in AuditPayload.objects.values_list())


def test_without_a_mail_server_no_letter_is_tried(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    """The link goes from hand to hand then."""
    settings.EMAIL_IS_SET = False
    with django_capture_on_commit_callbacks(execute=True):
        assert invite(someone("ada").id, SYSTEM, origin=ORIGIN).password_url
    assert mail.outbox == []


def test_inviting_again_makes_no_second_account_and_no_new_password_for_who_has_one():
    """The letter is written once more; a password that works is left alone."""
    ada = someone("ada")
    account = invite(ada.id, SYSTEM, origin=ORIGIN).account
    account.set_password(PASSWORD)
    account.save()
    again = invite(ada.id, SYSTEM, origin=ORIGIN)
    assert again.account.pk == account.pk
    assert again.password_url == ""


def test_who_asks_by_their_mailbox_for_the_first_time_gets_an_account():
    """In whatever case the address is typed."""
    ada = someone("ada", "Ada@Example.com")
    account = arrive(" ADA@example.COM ")
    assert account is not None
    assert (account.directory_user, account.role, account.email) == (ada, Role.MEMBER, "ada@example.com")
    assert arrive("ada@example.com") is None
    assert acts() == ["account.created"]


@pytest.mark.parametrize("other", ["active", "disabled"])
def test_an_address_of_two_people_is_nobodys(other: str):
    """No account by it, no invitation to it, and an account that has it already is not reached by mail any more."""
    ada = someone("ada")
    account = arrive("ada@example.com")
    assert account is not None
    assert owns_its_mailbox(account)
    twin = someone("twin", "ADA@example.com", active=other == "active")
    assert not owns_its_mailbox(account)
    for user in (ada, twin):
        with pytest.raises(AccessRefusal):
            invite(user.id, SYSTEM, origin=ORIGIN)
    Account.objects.all().delete()
    assert arrive("ada@example.com") is None


def test_a_secondary_address_signs_nobody_in():
    """Only the primary one is the person's."""
    emails = [{"value": "ada@example.com", "primary": True}, {"value": "bo@example.com", "type": "home"}]
    create_user({"userName": "ada", "emails": emails}, actor=SYSTEM)
    assert arrive("bo@example.com") is None


def test_who_changes_an_address_in_the_directory_does_not_walk_into_the_account_behind_it():
    """GitLab CVE-2022-1680: the new mailbox is not theirs, the old one is not any more; an invitation moves it, audited."""
    ada = someone("ada")
    account = arrive("ada@example.com")
    assert account is not None
    move(ada, "mallory@evil.example")
    assert arrive("mallory@evil.example") is None
    account.refresh_from_db()
    assert account.email == "ada@example.com"
    assert not owns_its_mailbox(account)
    moved = invite(ada.id, SYSTEM, origin=ORIGIN).account
    assert (moved.pk, moved.email) == (account.pk, "mallory@evil.example")
    assert owns_its_mailbox(moved)
    assert "account.moved" in acts()


def test_an_address_that_was_given_to_somebody_else_does_not_open_the_account_of_who_had_it():
    """The next Jane Smith gets the mailbox of the one who left, and not her applications."""
    jane = someone("jane")
    account = arrive("jane@example.com")
    assert account is not None
    set_active(jane.id, active=False, actor=SYSTEM)
    move(User.objects.get(pk=jane.pk), "jane.smith@example.com")
    second = someone("jane2", "jane@example.com")
    assert not owns_its_mailbox(account)
    assert arrive("jane@example.com") is None
    with pytest.raises(AccessRefusal, match="does not belong to"):
        invite(second.id, SYSTEM, origin=ORIGIN)


def test_the_address_of_an_administrator_is_never_taken_for_a_person_of_the_directory(owner: Account):
    """Casdoor CVE-2026-9092: an equal address links nobody."""
    someone("boss", "owner@example.com")
    assert arrive("owner@example.com") is None
    with pytest.raises(AccessRefusal, match="does not belong to"):
        invite(User.objects.get(user_name="boss").id, SYSTEM, origin=ORIGIN)
    owner.refresh_from_db()
    assert owner.directory_user is None
    assert owns_its_mailbox(owner)


@pytest.mark.parametrize("lacking", ["active", "address"])
def test_who_is_disabled_or_has_no_address_is_not_invited_and_does_not_arrive(lacking: str):
    """With the reason in a sentence."""
    ada = someone("ada", active=lacking != "active")
    if lacking == "address":
        replace_user(ada.id, {"userName": "ada"}, actor=SYSTEM)
        assert arrive("") is None
    with pytest.raises(AccessRefusal):
        invite(ada.id, SYSTEM, origin=ORIGIN)
    assert arrive("ada@example.com") is None
    assert Account.objects.count() == 0


def test_a_member_has_no_token_and_no_account_is_made_one_by_name(owner: Account):
    """Denied by default: also a token of somebody who administers no more."""
    account = invite(someone("ada").id, SYSTEM, origin=ORIGIN).account
    for role in Role:
        with pytest.raises(AccessRefusal):
            issue(account, "HR", role, SYSTEM)
    with pytest.raises(AccessRefusal, match="by invitation"):
        create_account("bo@example.com", PASSWORD, "member", SYSTEM)
    with pytest.raises(AccessRefusal, match="belongs to nobody"):
        change_role(create_account("bo@example.com", PASSWORD, "auditor", SYSTEM).id, "member", SYSTEM)
