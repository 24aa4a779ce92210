"""`provisor application connection | allow-network | trust | client-certificate`: how one application is reached."""

from pathlib import Path
from typing import Annotated

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import say, show_json
from provisor.cli.secrets_given import read_file

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]


def show_connection(application: App) -> None:
    """Show networks, authorities and client certificate of an application as JSON; its key is never shown."""
    open_installation()
    from provisor.applications.connections import shown
    from provisor.applications.lookup import find_application

    show_json(shown(find_application(application).id))


def allow_network(
    application: App,
    networks: Annotated[
        list[str] | None, typer.Argument(help="Private networks such as 10.20.0.0/16; none closes all.")
    ] = None,
) -> None:
    """Open private networks for one application alone, in place of those open before. Http is accepted there, too."""
    open_installation()
    from provisor.applications.connections import allow_networks
    from provisor.applications.lookup import find_application

    found = find_application(application)
    allow_networks(found.id, networks or [], actor=actor())
    say(f'For "{found.name}" these are open: {", ".join(networks or []) or "none"}.')


def trust(
    application: App,
    file: Annotated[
        Path | None,
        typer.Argument(help="Certificate authorities in PEM form; none trusts the system's only."),
    ] = None,
) -> None:
    """Trust certificate authorities for one application, beside those of the system."""
    open_installation()
    from provisor.applications.connections import trust_authorities
    from provisor.applications.lookup import find_application

    found = find_application(application)
    pem = read_file(file).decode("utf-8", errors="replace") if file else ""
    trust_authorities(found.id, pem, actor=actor())
    say(
        f'For "{found.name}" {"these authorities are trusted, too" if file else "the system alone is trusted"}.'
    )


def client_certificate(
    application: App,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="The certificate with its chain, in PEM form.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Its key in PEM form, without a password.")
    ] = None,
) -> None:
    """Show a client certificate to one application; without options show none any more, and forget the key."""
    open_installation()
    from provisor.applications.connections import clear_client_certificate, store_client_certificate
    from provisor.applications.lookup import find_application
    from provisor.cli.refusals import CommandRefusal

    found = find_application(application)
    if bool(certificate) != bool(key):
        raise CommandRefusal("A certificate needs its key, and a key its certificate. Give both, or neither.")
    if certificate and key:
        texts = [read_file(each).decode("utf-8", errors="replace") for each in (certificate, key)]
        store_client_certificate(found.id, *texts, actor=actor())
        say(
            f'"{found.name}" is shown the certificate from now on. The key was encrypted and is not shown again.'
        )
    else:
        clear_client_certificate(found.id, actor=actor())
        say(f'"{found.name}" is shown no certificate any more.')
