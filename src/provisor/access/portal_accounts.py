"""Accounts of people of the directory who sign in to the portal: how they come to be, and when a mailbox is theirs.

An e-mail address is only ever taken for a person's while the directory gives it to them and to nobody else. Who may
change the directory can therefore not walk into the account of somebody who has signed in before: an account keeps its
address until an administrator invites the person anew.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.letters import Outbox
from provisor.access.models import Account, Role
from provisor.access.refusal import AccessRefusal, Kind
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.record import record
from provisor.directory.models import User
from provisor.directory.queries import effective_members, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Somebody who was invited, and the two addresses that a letter tells them.

    `password_url` sets their first password, once, within `settings.PASSWORD_RESET_TIMEOUT` seconds; empty for who
    has one. Whoever holds it can be them: it goes to their mailbox, or from hand to hand.
    """

    account: Account
    portal_url: str
    password_url: str = field(repr=False)


def invite(user_id: UUID, actor: Actor, *, origin: str) -> Invitation:
    """Make the account of a person, or move it to their present address, and write to them how to sign in.

    `origin` is where browsers reach Provisor, such as https://provisor.example.com. Raises `AccessRefusal` with what
    stands in the way. The letter is written in the same transaction, and leaves once that is committed.
    """
    with in_turn():
        user = _invitable(user_id)
        account = _moved(user, actor) or _made(user, actor)
        record(actor, "account.invited", subject_id=str(account.id), subject_label=account.email)
        first = "" if account.has_usable_password() else f"{origin}{_first_password_path(account)}"
        invited = Invitation(account=account, portal_url=f"{origin}{reverse('my-apps')}", password_url=first)
        _write_to(invited)
    return invited


def invite_all(
    user_ids: Sequence[UUID], actor: Actor, *, origin: str, report: Callable[[int, int], None]
) -> Counter[str]:
    """Invite people who have no account yet, each in a transaction; `report` is called after each and may raise to stop.

    Returns how many were invited, under "", and how many were not, under the reason.
    """
    outcome: Counter[str] = Counter()
    for number, user_id in enumerate(user_ids, start=1):
        try:
            invite(user_id, actor, origin=origin)
        except AccessRefusal as refusal:
            outcome[refusal.reason] += 1
        else:
            outcome[""] += 1
        report(number, len(user_ids))
    return outcome


def without_account(group_id: UUID) -> QuerySet[User]:
    """Who is in a group, also through groups inside it, is active, has an address, and was not invited yet."""
    return effective_members(group_id).filter(active=True, account=None).exclude(email="")


def arrive(address: str) -> Account | None:
    """Make the account of a person who asks to sign in by their mailbox for the first time.

    None where there is nothing to make: an account has the address already, or the directory gives it to nobody, to
    several, or to somebody who is disabled or has an account with another address.
    """
    folded = address.strip().lower()
    if not folded or Account.objects.filter(email=folded).exists():
        return None
    with in_turn():
        user = _only_holder(folded)
        taken = Account.objects.filter(email=folded).exists()
        if user is None or taken or Account.objects.filter(directory_user=user).exists():
            return None
        return _made(user, SYSTEM)


def owns_its_mailbox(account: Account) -> bool:
    """Whether a letter to the account's address reaches just the person whom it belongs to.

    An account that administers has its address from an administrator, and not from the directory.
    """
    if account.role != Role.MEMBER:
        return True
    holder = _only_holder(account.email)
    return holder is not None and holder.pk == account.directory_user_id


def _only_holder(folded: str) -> User | None:
    """The one live user whose primary address this is. A second one, disabled or not, makes it nobody's."""
    holders = list(users().annotate(address=Lower("email")).filter(address=folded)[:2])
    return holders[0] if len(holders) == 1 and holders[0].active else None


def _invitable(user_id: UUID) -> User:
    user = users().filter(pk=user_id).first()
    if user is None or not user.active:
        raise AccessRefusal("user", "Only who is active in the directory can be invited.", Kind.MISSING)
    if not user.email:
        reason = f'"{user.user_name}" has no e-mail address in the directory. Add one, then invite.'
        raise AccessRefusal("user", reason, Kind.INVALID)
    if _only_holder(user.email.lower()) is None:
        reason = f'"{user.email}" is the address of several users, so nobody can tell who signs in with it. Give each their own.'
        raise AccessRefusal("user", reason, Kind.DUPLICATE)
    other = Account.objects.filter(email=user.email.lower()).exclude(directory_user=user).first()
    if other is not None:
        reason = (
            f'There is an account for "{user.email}" already, which does not belong to "{user.user_name}".'
        )
        raise AccessRefusal("user", reason, Kind.DUPLICATE)
    return user


def _moved(user: User, actor: Actor) -> Account | None:
    """The person's account, with the address that the directory gives now. Whose address moves is signed out."""
    account: Account | None = Account.objects.filter(directory_user=user).first()
    if account is not None and account.email != user.email.lower():
        before, account.email = account.email, user.email.lower()
        account.save(update_fields=["email"])
        change: dict[str, Any] = {"before": {"email": before}, "after": {"email": account.email}}
        record(actor, "account.moved", subject_id=str(account.id), subject_label=account.email, **change)
    return account


def _made(user: User, actor: Actor) -> Account:
    account = Account(
        email=user.email.lower(),
        name=user.display_name,
        role=Role.MEMBER,
        directory_user=user,
        created_at=timezone.now(),
    )
    account.set_unusable_password()
    account.save(force_insert=True)
    after = {"email": account.email, "role": account.role, "user": user.user_name}
    record(actor, "account.created", subject_id=str(account.id), subject_label=account.email, after=after)
    return account


def _write_to(invited: Invitation) -> None:
    """Say where the portal is and how to get in; where no e-mail can leave, whoever invited hands that over."""
    if not settings.EMAIL_IS_SET:
        return
    context = {"name": invited.account.name, "email": invited.account.email, "invitation": invited}
    subject = render_to_string("account/email/invitation_subject.txt", context).strip()
    body = render_to_string("account/email/invitation_message.txt", context).strip()
    subject, to = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", [invited.account.email]
    EmailMessage(subject, body, to=to, connection=Outbox()).send()


def _first_password_path(account: Account) -> str:
    key = default_token_generator.make_token(account)
    return reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(account), "key": key}
    )
