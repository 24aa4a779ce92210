"""What ends with a person: sessions, tokens, links and letters that were given before they were disabled.

It ends for good. Whoever is enabled again signs in anew, and gets tokens anew: nobody knows by then who has the old ones.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from allauth.account.internal.stagekit import unstash_login
from allauth.idp.oidc.models import Token as SignOnToken
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.utils import timezone

from provisor.access.methods import Proved
from provisor.access.models import Account, MagicLink, Session, Token
from provisor.audit.actor import SYSTEM
from provisor.audit.record import record


def end_all(account: Account) -> dict[str, int]:
    """End everything of one account, in the transaction of an act that is recorded by its caller; how many of each.

    Links that set a password and sign-ins that have begun end by the moment that is noted.
    """
    now = timezone.now()
    Account.objects.filter(pk=account.pk).update(ended_at=now)
    account.ended_at = now
    ended = {
        "tokens": Token.objects.filter(account=account, revoked_at=None).update(revoked_at=now),
        "links": MagicLink.objects.filter(account=account, used_at=None).delete()[0],
        "sign_on_tokens": SignOnToken.objects.filter(user=account).delete()[0],
        "sessions": Session.objects.filter(account=account).delete()[0],
    }
    return {what: number for what, number in ended.items() if number}


def end_of_people(leaving: Collection[UUID]) -> None:
    """The same for the accounts of users of the directory who become inactive; told within that transaction."""
    for account in Account.objects.filter(directory_user_id__in=leaving):
        record(
            SYSTEM, "account.access_ended", subject_id=account.pk, subject_label=account.email, before=end_all(account)
        )  # fmt: skip


def began_before_the_end(request: HttpRequest, account: Account, proofs: Proved) -> bool:
    """Whether this sign-in, or one of its proofs, is older than the moment when everything of the account ended."""
    if account.ended_at is None:
        return False
    begun: Any = unstash_login(request, peek=True)
    moments = [each.timestamp() for each in proofs.at.values()]
    if begun is not None and begun.user is not None and begun.user.pk == account.pk:
        moments.append(begun.initiated_at)
    return any(moment <= account.ended_at.timestamp() for moment in moments)


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens of links that set a password: worth nothing once everything of the account has ended."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        ended = user.ended_at.isoformat() if user.ended_at else ""
        return f"{super()._make_hash_value(user, timestamp)}{ended}"
