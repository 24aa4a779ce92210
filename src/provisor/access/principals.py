"""Who asks: an account that has signed in, or a token of one, with the role and the bounds that count for this request."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from provisor.access.models import Account, Role, Token
from provisor.access.permissions import BOUNDABLE, READING, UNBOUNDED, Permission, allows
from provisor.audit.actor import Actor, ActorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """`role` is the one to judge by; of a token it never exceeds the account's."""

    account: Account
    token: Token | None
    role: Role
    #: The applications that count; None for all. Of a token never more than its account's.
    applications: frozenset[UUID] | None
    actor: Actor

    def may(self, permission: Permission, application: UUID | None = None) -> bool:
        """Whether it has the permission; for one application where that is named, else for whatever it looks after."""
        if not allows(self.role, permission) or (self._only_reads() and permission not in READING):
            return False
        if self.applications is None:
            return True
        return permission not in UNBOUNDED and (application is None or application in self.applications)

    def _only_reads(self) -> bool:
        return self.token is not None and self.token.use == Token.Use.READ

    @property
    def scim_only(self) -> bool:
        """Whether it is a token for the SCIM interface alone."""
        return self.token is not None and self.token.use == Token.Use.SCIM


def of_account(account: Account) -> Principal:
    """The principal of somebody who has signed in."""
    actor = Actor(kind=ActorKind.ACCOUNT, id=str(account.id), label=account.email)
    role = Role(account.role)
    return Principal(account=account, token=None, role=role, applications=looked_after(account), actor=actor)


def of_token(token: Token, role: Role) -> Principal:
    """The principal of a request that carries the token."""
    label = f'{token.account.email}, token "{token.name}"'
    actor = Actor(kind=ActorKind.TOKEN, id=str(token.id), label=label)
    return Principal(
        account=token.account, token=token, role=role, applications=_of_token(token), actor=actor
    )


def looked_after(account: Account) -> frozenset[UUID] | None:
    """The applications that an account looks after; None for all."""
    if account.role not in BOUNDABLE:
        return None
    return _ids(account.applications)


def _of_token(token: Token) -> frozenset[UUID] | None:
    """Those of the token within those of its account, as they are now."""
    own, held = _ids(token.applications), looked_after(token.account)
    return held if own is None else own if held is None else own & held


def _ids(stored: Collection[str] | None) -> frozenset[UUID] | None:
    return None if stored is None else frozenset(UUID(one) for one in stored)
