"""Accounts: create, change the role, set the password, disable and enable. Each act with its audit entry (R18)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from provisor.access import factors, lockout
from provisor.access.ending import end_all
from provisor.access.last_owner import keep_an_owner
from provisor.access.models import Account, Role
from provisor.access.permissions import ADMINISTRATIVE, BOUNDABLE
from provisor.access.refusal import AccessRefusal, Kind
from provisor.audit import chain
from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.directory.models import User


class Same(Enum):
    """Says that the applications of an account stay as they are, where None means all."""

    SAME = "same"


SAME: Final = Same.SAME


def create_account(
    email: str,
    password: str,
    role: str,
    actor: Actor,
    *,
    name: str = "",
    directory_user: User | None = None,
    applications: Collection[UUID] | None = None,
) -> Account:
    """Create an account that can sign in at once. `applications` are those it looks after, None all. Raises `AccessRefusal`."""
    wanted = administrative_role(role)
    account = Account(
        email=_email(email),
        name=name,
        role=wanted,
        applications=bounds_for(wanted, applications),
        directory_user=directory_user,
        created_at=timezone.now(),
    )
    _set_valid_password(account, password)
    with in_turn():
        if Account.objects.filter(email=account.email).exists():
            reason = f'There is an account for "{account.email}" already. Change that one, or take another address.'
            raise AccessRefusal("email", reason, Kind.DUPLICATE)
        account.save(force_insert=True)
        _audit(actor, "account.created", account, after={"email": account.email, **_rights(account)})
    return account


def change_role(
    account_id: UUID, role: str, actor: Actor, *, applications: Collection[UUID] | Same | None = SAME
) -> Account:
    """Give the account another role, other applications to look after (None: all), or both.

    Its tokens follow at once. The last owner stays one.
    """
    wanted = role_named(role)
    with in_turn():
        account = _found(account_id)
        if wanted == Role.MEMBER and account.directory_user_id is None:
            reason = f'"{account.email}" belongs to nobody in the directory, so there is nothing to open. Disable it instead.'
            raise AccessRefusal("role", reason, Kind.INVALID)
        before, bounds = _rights(account), _bounds(account, wanted, applications)
        if account.role == Role.OWNER and wanted != Role.OWNER:
            keep_an_owner(account, "role")
        account.role, account.applications = wanted, bounds
        if _rights(account) != before:
            account.save(update_fields=["role", "applications"])
            _audit(actor, "account.role_changed", account, before=before, after=_rights(account))
    return account


def _bounds(account: Account, role: Role, asked: Collection[UUID] | Same | None) -> list[str] | None:
    if not isinstance(asked, Same):
        return bounds_for(role, asked)
    return account.applications if role in BOUNDABLE else None


def bounds_for(role: Role, applications: Collection[UUID | str] | None) -> list[str] | None:
    """What is stored of the applications that somebody looks after. Raises `AccessRefusal` for a role that has all."""
    if applications is None:
        return None
    if role not in BOUNDABLE:
        reason = f'The role "{role}" is for all applications. Leave them out, or choose another role.'
        raise AccessRefusal("applications", reason, Kind.INVALID)
    return sorted({_id(one) for one in applications})


def _id(given: UUID | str) -> str:
    try:
        return str(UUID(str(given)))
    except ValueError:
        raise AccessRefusal("applications", f'"{given}" is no id of an application.', Kind.INVALID) from None


def _rights(account: Account) -> dict[str, Any]:
    return {"role": account.role, "applications": account.applications}


def disable(account_id: UUID, actor: Actor) -> Account:
    """End the account's sessions, tokens and links for good. The last owner cannot be disabled."""
    with in_turn():
        account = _found(account_id)
        if not account.is_active:
            return account
        if account.role == Role.OWNER:
            keep_an_owner(account, "account")
        account.is_active = False
        account.save(update_fields=["is_active"])
        _audit(actor, "account.disabled", account, before={"ended": end_all(account)})
    return account


def enable(account_id: UUID, actor: Actor) -> Account:
    """Let the account sign in again; what it had before it was disabled stays ended."""
    with in_turn():
        account = _found(account_id)
        if account.is_active:
            return account
        account.is_active = True
        account.save(update_fields=["is_active"])
        _audit(actor, "account.enabled", account)
    return account


def lock(account_id: UUID, actor: Actor) -> Account:
    """Keep the account from signing in and end its sessions; its tokens go on. The last owner cannot be locked."""
    with in_turn():
        account = _found(account_id)
        if account.locked_at is not None:
            return account
        if account.role == Role.OWNER:
            keep_an_owner(account, "account")
        account.locked_at = timezone.now()
        account.save(update_fields=["locked_at"])
        account.sessions.all().delete()
        _audit(actor, "account.locked", account)
    return account


def unlock(account_id: UUID, actor: Actor) -> Account:
    """Let the account sign in again at once: neither the lock nor wrong tries of the past count any more."""
    with in_turn():
        account = _found(account_id)
        tries = lockout.forget(account.email)
        if account.locked_at is None and not tries:
            return account
        before = {"locked": account.locked_at is not None, "wrong_tries": tries}
        account.locked_at = None
        account.save(update_fields=["locked_at"])
        _audit(actor, "account.unlocked", account, before=before)
    return account


def reset(account_id: UUID, actor: Actor) -> Account:
    """Remove every factor, unlock, and end the sessions: for a person who has lost what they signed in with."""
    with in_turn():
        account = unlock(account_id, actor)
        removed = factors.remove_all(account, actor)
        account.sessions.all().delete()
        _audit(actor, "account.reset", account, before={"factors": removed})
    return account


def set_password(account_id: UUID, password: str, actor: Actor) -> Account:
    """Set another password, which ends every session of the account."""
    with in_turn():
        account = _found(account_id)
        _set_valid_password(account, password)
        account.save(update_fields=["password"])
        account.sessions.all().delete()
        _audit(actor, "account.password_changed", account)
    return account


@contextmanager
def in_turn() -> Iterator[None]:
    """The transaction of one act. Acts take turns at the audit chain, so what is read inside stays true."""
    with transaction.atomic():
        chain.lock()
        yield


def role_named(role: str) -> Role:
    """Return the role of that name, or refuse with the list of names."""
    try:
        return Role(role)
    except ValueError:
        reason = f'"{role}" is no role. The roles are {", ".join(Role.values)}.'
        raise AccessRefusal("role", reason, Kind.INVALID) from None


def administrative_role(role: str) -> Role:
    """Return the role of that name, or refuse: also a member, who comes of an invitation and has no token."""
    wanted = role_named(role)
    if wanted not in ADMINISTRATIVE:
        reason = f'"{role}" is who opens applications in the portal: a user of the directory, by invitation.'
        raise AccessRefusal("role", reason, Kind.INVALID)
    return wanted


def _email(text: str) -> str:
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        reason = f'"{text}" is no e-mail address. Give one such as ada@example.com.'
        raise AccessRefusal("email", reason, Kind.INVALID) from None
    return email


def _set_valid_password(account: Account, password: str) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise AccessRefusal("password", " ".join(error.messages), Kind.INVALID) from None
    account.set_password(password)


def _found(account_id: UUID) -> Account:
    account: Account | None = Account.objects.filter(pk=account_id).first()
    if account is None:
        reason = f'There is no account with the id "{account_id}".'
        raise AccessRefusal("account", reason, Kind.MISSING)
    return account


def _audit(actor: Actor, act: str, account: Account, **change: Any) -> None:
    record(actor, act, subject_id=str(account.id), subject_label=account.email, **change)
