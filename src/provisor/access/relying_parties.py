"""Which application a client of single sign-on is, and what it is told of a person: asked through a port."""

from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


class RelyingParties(Protocol):
    """The port. `settings.ACCESS_RELYING_PARTIES` names the class that fills it."""

    def application_of(self, client_id: str) -> UUID | None:
        """Return the application that signs people in with this client; None when there is none (any more)."""

    def claims(self, application_id: UUID, user_id: UUID) -> dict[str, Any]:
        """Return what the application is told of the person, besides who they are."""


def relying_parties() -> RelyingParties:
    """What answers for the applications in this installation."""
    return cast("RelyingParties", import_string(settings.ACCESS_RELYING_PARTIES)())
