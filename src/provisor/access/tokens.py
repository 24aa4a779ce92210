"""API tokens: issued once in clear, kept as a hash, checked on every request."""

import hashlib
import re
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from provisor.access.accounts import administrative_role, bounds_for, in_turn, role_named
from provisor.access.models import Account, Role, Token
from provisor.access.passing_on import refuse_more_than
from provisor.access.permissions import ADMINISTRATIVE, within
from provisor.access.principals import Principal, of_token
from provisor.access.refusal import AccessRefusal, Kind
from provisor.audit.actor import Actor
from provisor.audit.record import record

__all__ = ["Principal", "authenticate", "issue", "revoke"]

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BYTES = 32
#: Digits of base 62 that hold 32 bytes.
_LENGTH = 43
_FORM = re.compile(rf"prv_[0-9A-Za-z]{{{_LENGTH}}}", re.ASCII)
_SHOWN = 12
_NAME_LENGTH = 200
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


def issue(
    account: Account,
    name: str,
    role: str,
    actor: Actor,
    *,
    expires_at: datetime | None = None,
    use: str = Token.Use.ALL,
    applications: Collection[UUID] | None = None,
    by: Principal | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with its clear text, which is not kept anywhere. Raises `AccessRefusal`.

    `use` and `applications` (None: all of the account's) bound it further than its role. `by` is the token that asks for
    it, which gives no more than it has, and not for longer.
    """
    plain = "prv_" + _base62(secrets.token_bytes(_BYTES))
    token = Token(
        account=account,
        name=_name(name),
        role=_role(account, role),
        use=_use(use),
        applications=_applications(role_named(role), applications),
        prefix=plain[:_SHOWN],
        digest=_digest(plain),
        created_at=timezone.now(),
        expires_at=_future(expires_at),
    )
    refuse_more_than(by, token)
    with in_turn():
        token.save(force_insert=True)
        after = {"name": token.name, "account": account.email, **_bounds(token)}
        record(actor, "token.issued", subject_id=str(token.id), subject_label=str(token), after=after)
    return token, plain


def authenticate(plain: str) -> Principal | None:
    """Return who carries the token, or nothing: for an unknown, expired or revoked one, or a disabled account."""
    if not _FORM.fullmatch(plain):
        return None
    held = Token.objects.select_related("account__directory_user").filter(digest=_digest(plain)).first()
    now = timezone.now()
    if held is None or not _valid(held, now):
        return None
    role = _effective_role(held)
    if role is None:
        return None
    _note_use(held, now)
    return of_token(held, role)


def revoke(token_id: UUID, actor: Actor) -> Token:
    """End a token at once and for good."""
    with in_turn():
        token = Token.objects.filter(pk=token_id).first()
        if token is None:
            raise AccessRefusal("token", f'There is no token with the id "{token_id}".', Kind.MISSING)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record(actor, "token.revoked", subject_id=str(token.id), subject_label=str(token))
    return token


def _valid(token: Token, now: datetime) -> bool:
    expired = token.expires_at is not None and token.expires_at <= now
    return not expired and token.revoked_at is None and token.account.is_enabled()


def _effective_role(token: Token) -> Role | None:
    """The token's role, or the account's when that has become less. Roles that cannot be compared give none."""
    if token.account.role not in ADMINISTRATIVE:
        return None
    if within(token.role, token.account.role):
        return Role(token.role)
    if within(token.account.role, token.role):
        return Role(token.account.role)
    return None


def _note_use(token: Token, now: datetime) -> None:
    if token.last_used_at is None or now - token.last_used_at >= _USE_IS_NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def _name(name: str) -> str:
    stripped = name.strip()
    if not stripped or len(stripped) > _NAME_LENGTH:
        reason = f"A token needs a name of 1 to {_NAME_LENGTH} characters, such as what will use it."
        raise AccessRefusal("name", reason, Kind.INVALID)
    return stripped


def _role(account: Account, role: str) -> Role:
    wanted = administrative_role(role)
    if not within(wanted, account.role):
        reason = f'A token of "{account.email}" cannot have the role "{wanted}": the account is only "{account.role}".'
        raise AccessRefusal("role", reason, Kind.EXCEEDS)
    return wanted


def _future(moment: datetime | None) -> datetime | None:
    if moment is not None and moment <= timezone.now():
        reason = (
            f'The token would expire at "{moment.isoformat()}", which is past. Give a later moment, or none.'
        )
        raise AccessRefusal("expires_at", reason, Kind.INVALID)
    return moment


def _use(use: str) -> Token.Use:
    try:
        return Token.Use(use)
    except ValueError:
        reason = f'"{use}" is no use of a token. Uses are {", ".join(Token.Use.values)}.'
        raise AccessRefusal("use", reason, Kind.INVALID) from None


def _applications(role: Role, applications: Collection[UUID] | None) -> list[str] | None:
    """A token of any role but owner and auditor can be bound; those two are told to take another role."""
    return bounds_for(role, applications)


def _bounds(token: Token) -> dict[str, Any]:
    until = token.expires_at.isoformat() if token.expires_at else None
    return {"role": token.role, "use": token.use, "applications": token.applications, "expires_at": until}


def _digest(plain: str) -> str:
    """One round of SHA-256 is enough: nobody can guess 256 random bits."""
    return hashlib.sha256(plain.encode("ascii")).hexdigest()


def _base62(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
