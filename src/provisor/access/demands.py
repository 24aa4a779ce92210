"""What an application demands of whoever signs in to it: asked through a port, for policies belong to another room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from provisor.access.methods import Strength

#: Login method and second factor of a policy, and what a session has to prove for it. A choice is answered by its
#: weakest answer.
_NEEDED: Final[Mapping[tuple[str, str], Strength]] = {
    ("magic_link", "none"): Strength.EMAIL,
    ("passwordless", "none"): Strength.EMAIL,
    ("password", "none"): Strength.PASSWORD,
    ("password", "totp"): Strength.PASSWORD_AND_TOTP,
    ("password", "any"): Strength.PASSWORD_AND_TOTP,
    ("passwordless", "passkey"): Strength.PASSKEY,
    ("password", "passkey"): Strength.PASSWORD_AND_PASSKEY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the policy that decides says to one person about one application."""

    application_id: UUID
    application_name: str
    #: Where it is opened; empty: nowhere.
    launch_url: str
    policy_id: UUID
    policy_name: str
    login_method: str
    second_factor: str

    @property
    def needed(self) -> Strength:
        """How strong a session has to be. A pair that is not known demands the most."""
        return _NEEDED.get((self.login_method, self.second_factor), Strength.PASSWORD_AND_PASSKEY)


class Policies(Protocol):
    """The port. `settings.ACCESS_POLICIES` names the class that fills it."""

    def demands(self, user_id: UUID) -> list[Demand]:
        """Return one for each application that policies give this person, by name."""

    def demand(self, user_id: UUID, application_id: UUID) -> Demand | None:
        """Return what this application demands of this person; None when no policy gives it to them."""

    def name_of(self, application_id: UUID) -> str:
        """Return the name of an application, for records; "" when there is none of that id."""


def policies() -> Policies:
    """What answers for the policies in this installation."""
    return cast("Policies", import_string(settings.ACCESS_POLICIES)())
