"""Who asks: an account that has signed in, or a token of one, with the role that counts for this request."""

from dataclasses import dataclass

from provisor.access.models import Account, Role, Token
from provisor.access.permissions import Permission, allows
from provisor.audit.actor import Actor, ActorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """`role` is the one to judge by; of a token it never exceeds the account's."""

    account: Account
    token: Token | None
    role: Role
    actor: Actor

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)


def of_account(account: Account) -> Principal:
    """The principal of somebody who has signed in."""
    actor = Actor(kind=ActorKind.ACCOUNT, id=str(account.id), label=account.email)
    return Principal(account=account, token=None, role=Role(account.role), actor=actor)


def of_token(token: Token, role: Role) -> Principal:
    """The principal of a request that carries the token."""
    label = f'{token.account.email}, token "{token.name}"'
    actor = Actor(kind=ActorKind.TOKEN, id=str(token.id), label=label)
    return Principal(account=token.account, token=token, role=role, actor=actor)
