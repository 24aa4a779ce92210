"""Open a connection to an application: its address, its credential, its dialect."""

from dataclasses import dataclass

from django.conf import settings

from provisor.applications.credentials import OpenCredential, open_credential
from provisor.applications.models import Application
from provisor.scim.authentication import Authentication, build
from provisor.scim.dialect import Dialect
from provisor.scim.transport import Transport

NO_CREDENTIAL = "There is no credential for this application. Enter one under its settings; nothing can be sent without it."


class NoCredentialError(Exception):
    """The application cannot be spoken to yet; the sentence is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An open door with the authentication that goes through it."""

    transport: Transport
    authentication: Authentication

    async def close(self) -> None:
        await self.transport.close()


def read_credential(application: Application) -> OpenCredential:
    """Read the credential in the clear. Raises NoCredentialError; VaultError when it does not open."""
    credential = open_credential(application.id)
    if credential is None:
        raise NoCredentialError(NO_CREDENTIAL)
    return credential


def connect(base_url: str, credential: OpenCredential, dialect: Dialect) -> Connection:
    """Make the connection of one pass; nothing is sent yet. Raises AddressRefused."""
    transport = Transport(
        base_url,
        private_targets=settings.PRIVATE_TARGETS,
        # one more than the pass has under way: the lane of the leavers
        connections=dialect.concurrency + 1,
    )
    authentication = build(credential.method, credential.values, transport.send_form)
    return Connection(transport=transport, authentication=authentication)
