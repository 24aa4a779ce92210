"""/applications/{id}/connection: networks of its own, authorities to trust, and a client certificate."""

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from provisor.api.management.answers import answer, seen_version
from provisor.api.management.applications import find
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation
from provisor.api.management.shapes import Shape
from provisor.applications import connections as services
from provisor.applications.models import Application

router = Router(tags=["Connections"])


class Connection(Shape):
    networks: list[str] = Field(description="Private networks that are open for this application alone.")
    authorities: str = Field(
        description="Certificate authorities that are trusted beside the system's, as PEM."
    )
    client_certificate: str = Field(
        description="The certificate that Provisor shows, with its chain, as PEM."
    )
    client_key_stored: bool


class Networks(Shape):
    networks: list[str] = Field(
        description="In CIDR form, such as 10.20.0.0/16; in place of those open before."
    )


class Authorities(Shape):
    authorities: str = Field(description="PEM; empty trusts none beside the system's.")


class ClientCertificate(Shape):
    client_certificate: str
    client_key: str = Field(description="PEM without a password. Written only: no answer ever holds it.")


@operation(router, "GET", "/applications/{application_id}/connection", gives=Connection)
def get_application_connection(request: HttpRequest, application_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read what connections to the application need beside address and credential."""
    return _shown(find(application_id))


@operation(router, "PUT", "/applications/{application_id}/connection/networks", gives=Connection)
def allow_application_networks(request: HttpRequest, application_id: str, body: Networks) -> HttpResponse:
    """Open private networks for this application alone. Metadata and link-local addresses are never opened."""
    row = find(application_id)
    version = seen_version(request, row.version)
    return _shown(services.allow_networks(row.id, body.networks, actor=actor_of(request), version=version))


@operation(router, "PUT", "/applications/{application_id}/connection/authorities", gives=Connection)
def trust_application_authorities(
    request: HttpRequest, application_id: str, body: Authorities
) -> HttpResponse:
    """Trust certificate authorities for this application, beside those of the system."""
    row = find(application_id)
    version = seen_version(request, row.version)
    return _shown(
        services.trust_authorities(row.id, body.authorities, actor=actor_of(request), version=version)
    )


@operation(router, "PUT", "/applications/{application_id}/connection/client-certificate", gives=Connection)
def store_application_certificate(
    request: HttpRequest, application_id: str, body: ClientCertificate
) -> HttpResponse:
    """Store the certificate that Provisor shows to this application, with its key."""
    row = find(application_id)
    version = seen_version(request, row.version)
    return _shown(
        services.store_client_certificate(
            row.id, body.client_certificate, body.client_key, actor=actor_of(request), version=version
        )
    )


@operation(router, "DELETE", "/applications/{application_id}/connection/client-certificate", gives=Connection)
def clear_application_certificate(request: HttpRequest, application_id: str) -> HttpResponse:
    """Show no certificate any more, and forget its key."""
    row = find(application_id)
    version = seen_version(request, row.version)
    return _shown(services.clear_client_certificate(row.id, actor=actor_of(request), version=version))


def _shown(row: Application) -> HttpResponse:
    return answer(services.shown(row.id), version=row.version)
