"""`provisor application credential | promote-credential | forget-credential`: how an application knows who asks."""

from pathlib import Path
from typing import Annotated

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import say
from provisor.cli.secrets_given import read_secret_file, read_stdin_line

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
Second = Annotated[
    bool, typer.Option("--second", help="The second credential, which is tried where the first is refused.")
]


def store_credential(
    application: App,
    *,
    method: Annotated[
        str, typer.Option(help="bearer, basic, header or oauth2_client_credentials.")
    ] = "bearer",
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What is no secret, such as username=provisor."),
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the token, password or secret from standard input.")
    ] = False,
    secret_file: Annotated[Path | None, typer.Option("--secret-file", help="Read it from a file.")] = None,
    second: Second = False,
) -> None:
    """Give an application a credential, in place of the one it has. Test it next."""
    secret_name = _secret_name(method)
    given = _named(values or [], secret_name) | {secret_name: _secret(secret_file, from_stdin=secret_stdin)}
    open_installation()
    from provisor.applications import credentials
    from provisor.applications.lookup import find_application

    found = find_application(application)
    slot = _slot(second=second)
    stored = credentials.store_credential(found.id, method, given, actor=actor(), slot=slot)
    say(f'The credential of "{stored.name}" is stored. Next: provisor application test "{stored.name}"')
    if stored.paused:
        say(f'"{stored.name}" is paused. {stored.paused_reason}')


def promote_credential(application: App) -> None:
    """Put the second credential in place of the first: the end of a rotation."""
    open_installation()
    from provisor.applications import credentials
    from provisor.applications.lookup import find_application

    promoted = credentials.promote_credential(find_application(application).id, actor=actor())
    say(f'The second credential of "{promoted.name}" is the first now.')


def forget_credential(application: App, second: Second = False) -> None:
    """Forget a credential. Without any nothing is sent."""
    open_installation()
    from provisor.applications import credentials
    from provisor.applications.lookup import find_application

    found = find_application(application)
    slot = _slot(second=second)
    if not credentials.has_credential(found.id, slot):
        raise CommandRefusal(f'"{found.name}" has no {"second " if second else ""}credential.')
    credentials.clear_credential(found.id, slot, actor=actor())
    say(f'The {"second " if second else ""}credential of "{found.name}" is forgotten.')


def _slot(*, second: bool) -> str:
    from provisor.applications.credentials import PRIMARY, SECONDARY

    return SECONDARY if second else PRIMARY


def _secret_name(method: str) -> str:
    from provisor.scim.authentication import METHODS

    if method not in METHODS:
        raise CommandRefusal(
            f'There is no authentication method "{method}". Known are: {", ".join(METHODS)}.'
        )
    return next(each.name for each in METHODS[method].fields if each.secret)


def _named(values: list[str], secret_name: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandRefusal(f'"{text}" is no NAME=VALUE. Write for instance --set username=provisor.')
        if name == secret_name:
            raise CommandRefusal(
                f"Others on this machine can read what stands on a command line. Give the {name} by --secret-stdin "
                "or --secret-file."
            )
        given[name] = value
    return given


def _secret(file: Path | None, *, from_stdin: bool) -> str:
    if (file is not None) == from_stdin:
        raise CommandRefusal("Give the secret by --secret-stdin or by --secret-file, one of them.")
    return read_secret_file(file, "secret") if file else read_stdin_line("secret")
