"""Which policies reach a person, and which of them says how the person signs in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from provisor.applications.lookup import live_policies
from provisor.applications.models import Policy
from provisor.applications.scoping import applying
from provisor.directory.models import Closure, Membership

_PASSWORD, _PASSWORDLESS, _LINK = (
    Policy.LoginMethod.PASSWORD,
    Policy.LoginMethod.PASSWORDLESS,
    Policy.LoginMethod.MAGIC_LINK,
)
_NONE, _TOTP, _PASSKEY, _ANY = (
    Policy.SecondFactor.NONE, Policy.SecondFactor.TOTP, Policy.SecondFactor.PASSKEY, Policy.SecondFactor.ANY,
)  # fmt: skip

#: Login methods with their second factor, the strongest last (design, section 6). A choice counts as its weakest
#: answer: "any" second factor as a TOTP, and passwordless without more as the code by e-mail. Passwordless with
#: "passkey" admits nothing but a passkey.
_STRENGTH: Final[Mapping[tuple[str, str], int]] = {
    (_LINK, _NONE): 0,
    (_PASSWORDLESS, _NONE): 0,
    (_PASSWORD, _NONE): 1,
    (_PASSWORD, _TOTP): 2,
    (_PASSWORD, _ANY): 2,
    (_PASSWORDLESS, _PASSKEY): 3,
    (_PASSWORD, _PASSKEY): 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one policy says to one person. `named` is false when the group is Everyone."""

    policy_id: UUID
    policy_name: str
    application_id: UUID
    group_id: UUID
    login_method: str
    second_factor: str
    named: bool


def can_combine(login_method: str, second_factor: str) -> bool:
    """Whether the login method takes this second factor: TOTP and a choice go with a password only."""
    return (login_method, second_factor) in _STRENGTH


def strongest(grants: Iterable[Grant]) -> Grant | None:
    """The grant that decides how a person signs in; None when there is none.

    One of a named group beats one of Everyone; then the strongest login wins; of equals the oldest policy,
    so that the answer never depends on the order.
    """
    return min(
        grants,
        key=lambda g: (not g.named, -_STRENGTH[g.login_method, g.second_factor], g.policy_id),
        default=None,
    )


def policies_of_user(user_id: UUID | str) -> list[Grant]:
    """Every live policy whose group the user is in, directly or through groups inside it, and whose filter lets the
    user in; oldest first.

    It says nothing of whether the user is active: who may sign in at all is decided elsewhere.
    """
    direct = Membership.objects.filter(user_id=user_id).values("group_id")
    groups = Closure.objects.filter(descendant_id__in=direct).values("ancestor_id")
    policies = live_policies().filter(group_id__in=groups).select_related("group").order_by("pk")
    return [_grant(policy) for policy in applying(policies, user_id)]


def _grant(policy: Policy) -> Grant:
    return Grant(
        policy_id=policy.pk,
        policy_name=policy.name,
        application_id=policy.application_id,
        group_id=policy.group_id,
        login_method=policy.login_method,
        second_factor=policy.second_factor,
        named=not policy.group.is_everyone,
    )
