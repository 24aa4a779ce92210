"""What connections to one application need: networks of its own, authorities to trust, a client certificate (R16, R17)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from provisor.applications.changes import record_application, save_counted
from provisor.applications.lookup import locked_application
from provisor.applications.models import Application, ConnectionSettings
from provisor.applications.refusals import Problems
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.scim.addresses import PrivateTargets, read_networks
from provisor.scim.certificates import CertificateRefused, describe, read_authorities, read_client_certificate
from provisor.scim.errors import AddressRefused
from provisor.vault import sealing
from provisor.vault.registry import KeyedColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to connect, in the clear. The key shows in no representation."""

    networks: PrivateTargets = ()
    authorities: str = ""
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)


NOTHING_SPECIAL: Final = Way()


def open_way(application_id: UUID) -> Way:
    """How to connect to the application. VaultError when the key of its certificate does not open."""
    row = ConnectionSettings.objects.filter(application_id=application_id).first()
    if row is None:
        return NOTHING_SPECIAL
    key = ""
    if row.sealed is not None:
        key = sealing.unseal(row.key_id, bytes(row.sealed), bound_to=place_of(row)).decode()
    return Way(
        networks=read_networks(row.networks),
        authorities=row.authorities,
        client_certificate=row.client_certificate,
        client_key=key,
    )


def networks_of(application_id: UUID) -> PrivateTargets:
    """The private networks that an owner has opened for this application."""
    row = ConnectionSettings.objects.filter(application_id=application_id).only("networks").first()
    return read_networks(row.networks) if row else ()


def shown(application_id: UUID) -> dict[str, Any]:
    """What people see: everything but the key."""
    row = ConnectionSettings.objects.filter(application_id=application_id).first()
    row = row or ConnectionSettings(application_id=application_id)
    return {
        "networks": row.networks,
        "authorities": row.authorities,
        "client_certificate": row.client_certificate,
        "client_key_stored": row.sealed is not None,
    }


def check_networks(networks: Iterable[str], place: str, problems: Problems) -> PrivateTargets:
    """Read networks, and report what is none, is public, or is never opened."""
    try:
        return read_networks(networks)
    except AddressRefused as refused:
        problems.add(place, refused.sentence, "Write private networks such as 10.20.0.0/16.")
        return ()


def allow_networks(
    application_id: UUID | str, networks: Iterable[str], *, actor: Actor, version: int | None = None
) -> Application:
    """Open these private networks for this application alone, in place of those that were open before.

    For owners; the faces see to that. Metadata and link-local addresses stay closed whatever is given.
    """
    problems = Problems()
    read = check_networks(networks, "/networks", problems)
    problems.refuse_if_any()
    with change():
        application = locked_application(application_id, version)
        row = _row(application)
        before, row.networks = row.networks, [str(each) for each in read]
        if before != row.networks:
            row.save()
            _count(application, "networks_allowed", actor, {"networks": before}, {"networks": row.networks})
    return application


def write_networks(application: Application, networks: PrivateTargets) -> None:
    """Store the networks of a new application, within a transaction of the caller, who records the act."""
    if networks:
        row = _row(application)
        row.networks = [str(each) for each in networks]
        row.save()


def trust_authorities(
    application_id: UUID | str, pem: str, *, actor: Actor, version: int | None = None
) -> Application:
    """Trust these authorities (PEM) for this application, beside those of the system; "" trusts no other."""
    read = _checked(lambda: read_authorities(pem), "/authorities") if pem.strip() else ""
    with change():
        application = locked_application(application_id, version)
        row = _row(application)
        before, row.authorities = row.authorities, read
        if before != read:
            row.save()
            sides = ({"authorities": describe(each)} for each in (before, read))
            _count(application, "authorities_trusted", actor, *sides)
    return application


def store_client_certificate(
    application_id: UUID | str, certificate: str, key: str, *, actor: Actor, version: int | None = None
) -> Application:
    """Show this certificate (PEM, with its chain) to the application; the key (PEM, not encrypted) is sealed.

    ConfigurationRefusal: they cannot be read, or do not belong together. Nothing of the key is in it.
    """
    _checked(lambda: read_client_certificate(certificate, key), "/client_certificate")
    with change():
        application = locked_application(application_id, version)
        row = _row(application)
        before = describe(row.client_certificate)
        row.client_certificate = certificate.strip() + "\n"
        row.key_id, row.sealed = sealing.seal(key.strip().encode(), bound_to=place_of(row))
        row.save()
        after = {"client_certificate": describe(row.client_certificate)}
        _count(application, "client_certificate_stored", actor, {"client_certificate": before}, after)
    return application


def clear_client_certificate(
    application_id: UUID | str, *, actor: Actor, version: int | None = None
) -> Application:
    """Show no certificate any more, and forget its key."""
    with change():
        application = locked_application(application_id, version)
        row = _row(application)
        if row.client_certificate:
            before = {"client_certificate": describe(row.client_certificate)}
            forget_client_certificate(application)
            _count(application, "client_certificate_cleared", actor, before, {})
    return application


def forget_client_certificate(application: Application) -> None:
    """Forget certificate and key, within a transaction of the caller, who records the act."""
    ConnectionSettings.objects.filter(application=application).update(
        client_certificate="", key_id="", sealed=None
    )


def place_of(row: ConnectionSettings) -> str:
    """Where the key of the certificate belongs: this application."""
    return sealing.binding("applications_connection", row.application_id, "client_key")


#: What an exchange of keys wraps anew here.
SEALED: Final = KeyedColumn(name="keys of client certificates", model=ConnectionSettings, place=place_of)


def _row(application: Application) -> ConnectionSettings:
    row = ConnectionSettings.objects.filter(application=application).first()
    row = row or ConnectionSettings(application=application)
    row.updated_at = timezone.now()
    return row


def _count(
    application: Application, verb: str, actor: Actor, before: dict[str, Any], after: dict[str, Any]
) -> None:
    save_counted(application)
    record_application(f"application.{verb}", application, actor=actor, before=before, after=after)


def _checked(read: Any, place: str) -> str:
    problems = Problems()
    found = ""
    try:
        found = read()
    except CertificateRefused as refused:
        problems.add(place, str(refused), "Give PEM text: -----BEGIN CERTIFICATE----- and so on.")
    problems.refuse_if_any()
    return found
