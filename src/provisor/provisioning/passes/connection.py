"""Open a connection to an application: its address, its credential, its dialect."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings

from provisor.applications.credentials import OpenCredential, open_row
from provisor.applications.models import Application, Credential
from provisor.applications.own_targets import is_open
from provisor.scim.authentication import Authentication, build
from provisor.scim.dialect import Dialect
from provisor.scim.limits import TransportLimits
from provisor.scim.rotation import Rotation
from provisor.scim.transport import ClientCertificate, Transport

NO_CREDENTIAL = "There is no credential for this application. Enter one under its settings; nothing can be sent without it."
DEFAULT_LIMITS = TransportLimits()


class NoCredentialError(Exception):
    """The application cannot be spoken to yet; the sentence is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An open door with the authentication that goes through it."""

    transport: Transport
    authentication: Authentication
    #: Lets no further request leave (R11); may be called from any thread.
    bar: Callable[[], None] = lambda: None

    @property
    def turned(self) -> bool:
        """Whether the first credential was refused, and the other one of a rotation is used."""
        return isinstance(self.authentication, Rotation) and self.authentication.turned

    async def close(self) -> None:
        await self.transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatingCredential(OpenCredential):
    """A credential with another one beside it, for when it is refused."""

    other: OpenCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Which row a credential was read from. A new one in the same slot is another row."""

    id: UUID
    slot: str


def read_credential(application: Application) -> OpenCredential:
    """Read the credential that is tried first. Raises as `read_credentials`."""
    return read_credentials(application)[0]


def read_credentials(
    application: Application, *, refused: UUID | None = None
) -> tuple[OpenCredential, Stored]:
    """Read the credential in the clear, with the other one of a rotation; and which row it is that is tried first.

    `refused` is a credential that was refused while the other was accepted: it comes second, until it is replaced.
    Raises NoCredentialError; VaultError when one does not open.
    """
    rows = list(Credential.objects.filter(application=application))
    rows.sort(key=lambda row: (row.id == refused, row.slot != Credential.Slot.PRIMARY))
    if not rows:
        raise NoCredentialError(NO_CREDENTIAL)
    opened, stored = [open_row(row) for row in rows], Stored(id=rows[0].id, slot=rows[0].slot)
    if len(opened) == 1:
        return opened[0], stored
    first, other = opened
    rotating = RotatingCredential(
        method=first.method,
        values=first.values,
        application_id=first.application_id,
        way=first.way,
        other=other,
    )
    return rotating, stored


def connect(
    base_url: str,
    credential: OpenCredential,
    dialect: Dialect,
    limits: TransportLimits = DEFAULT_LIMITS,
    *,
    may_send: Callable[[], bool] = lambda: True,
) -> Connection:
    """Make the connection of one pass; nothing is sent yet, and later only while `may_send` says so.

    Raises AddressRefused.
    """
    way = credential.way
    client = None
    if way.client_certificate:
        client = ClientCertificate(certificate=way.client_certificate, key=way.client_key)
    transport = Transport(
        base_url,
        private_targets=settings.PRIVATE_TARGETS + way.networks,
        authorities=way.authorities,
        client=client,
        # one more than the pass has under way: the lane of the leavers
        connections=dialect.concurrency + 1,
        limits=limits,
        # A typed credential belongs to no application, and so to no target of ours.
        is_own=partial(is_open, credential.application_id, base_url),
        may_send=may_send,
    )
    authentication = build(credential.method, credential.values, transport.send_form)
    if isinstance(credential, RotatingCredential):
        other = build(credential.other.method, credential.other.values, transport.send_form)
        authentication = Rotation(authentication, other)
    return Connection(transport=transport, authentication=authentication, bar=transport.bar)
