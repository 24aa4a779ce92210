"""Somebody must be left who can manage access: the last owner who can sign in stays one (CVE-2026-22640).

Asked inside the transaction of an act. Acts take turns at the audit chain, so two owners cannot leave at once, on either database.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from provisor.access.models import Account, Role
from provisor.access.refusal import AccessRefusal, Kind
from provisor.directory.refusal import DirectoryRefusal, RefusalKind


def live_owners() -> QuerySet[Account]:
    """Owners who could sign in now: neither they nor the directory users they belong to are disabled, deleted or locked."""
    live = Q(directory_user=None) | Q(directory_user__active=True, directory_user__deleted_at=None)
    found: QuerySet[Account] = Account.objects.filter(live, role=Role.OWNER, is_active=True, locked_at=None)
    return found


def keep_an_owner(leaving: Account, field: str) -> None:
    """Raise `AccessRefusal` (protected) if nobody but this account could manage access."""
    if not live_owners().exclude(pk=leaving.pk).exists():
        reason = f'"{leaving.email}" is the last owner who can sign in. Make somebody else an owner first.'
        raise AccessRefusal(field, reason, Kind.PROTECTED)


def guard_directory(leaving: Collection[UUID]) -> None:
    """Raise `DirectoryRefusal` (protected) if disabling these people would leave no owner who can sign in."""
    owners = dict(live_owners().values_list("directory_user_id", "email"))
    if owners and owners.keys() <= set(leaving):
        named = next(iter(owners.values()))
        reason = (
            f'The account "{named}" is the last owner who can sign in, and it belongs to this user. '
            "Make somebody else an owner first (Settings, Administrators)."
        )
        raise DirectoryRefusal("active", reason, RefusalKind.PROTECTED)
