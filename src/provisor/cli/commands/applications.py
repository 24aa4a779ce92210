"""`provisor application ...`: the applications that Provisor writes to."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from provisor.cli.commands.application_known import change_profile, show_application
from provisor.cli.commands.connections import allow_network, client_certificate, show_connection, trust
from provisor.cli.commands.credentials import forget_credential, promote_credential, store_credential
from provisor.cli.commands.doctor import show_checks
from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import BAD_ANSWER, CommandRefusal
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.secrets_given import read_secret_file, read_stdin_line

app = typer.Typer(help="The applications that Provisor writes to.", no_args_is_help=True)

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app.command("show")(show_application)
app.command("profile")(change_profile)
app.command("connection")(show_connection)
app.command("allow-network")(allow_network)
app.command("trust")(trust)
app.command("client-certificate")(client_certificate)
app.command("credential")(store_credential)
app.command("promote-credential")(promote_credential)
app.command("forget-credential")(forget_credential)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name of your own.")],
    *,
    url: Annotated[str, typer.Option(help="The SCIM base URL.")],
    profile: Annotated[str, typer.Option(help="What is known of the vendor, such as slack.")] = "generic",
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the bearer token from standard input.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Read the bearer token from a file.")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="observe makes plans and sends nothing; enforce sends.")
    ] = "enforce",
    networks: Annotated[
        list[str] | None,
        typer.Option("--allow-network", help="A private network to open for it alone, such as 10.20.0.0/16."),
    ] = None,
    launch_url: Annotated[
        str, typer.Option("--launch-url", help="Where people open it in their browser, from My apps.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add an application. Its credential may come later (application credential); until then nothing is sent."""
    auth = _credential(token_file, from_stdin=token_stdin)
    open_installation()
    from provisor.applications.applications import create_application

    fields: dict[str, Any] = {"base_url": url, "profile": profile, "mode": mode, "launch_url": launch_url}
    made = create_application(name=name, networks=networks or [], actor=actor(), **fields, **auth)
    if as_json:
        show_json({"id": made.pk, "name": made.name})
    else:
        say(
            f'The application "{made.name}" was added (id {made.pk}). Next: provisor application test "{made.name}"'
        )


def _credential(token_file: Path | None, *, from_stdin: bool) -> dict[str, Any]:
    if from_stdin and token_file:
        raise CommandRefusal("Two tokens were given. Use either --token-stdin or --token-file.")
    token = read_stdin_line("token") if from_stdin else ""
    if token_file:
        token = read_secret_file(token_file, "token")
    return {"auth": {"method": "bearer", "token": token}} if token else {}


@app.command("list")
def list_applications(as_json: AsJson = False) -> None:
    """List all applications."""
    open_installation()
    from provisor.applications.lookup import live_applications

    found = list(live_applications().order_by("name_key"))
    if as_json:
        return show_json([{"id": one.pk, "name": one.name, "base_url": one.base_url} for one in found])
    if not found:
        return say("There is no application yet.")
    table = plain_table("", ("name", "profile", "SCIM base URL", "mode", "id"))
    for one in found:
        mode = "paused" if one.paused else one.mode
        table.add_row(Text(one.name), one.profile, Text(one.base_url), mode, str(one.pk))
    return show(table)


@app.command("test")
def examine(application: App, as_json: AsJson = False) -> None:
    """Test the connection; nothing is written there. Exits with 1 when provisioning cannot work."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.preview.examination import test_connection

    found = test_connection(find_application(application).id, actor=actor())
    if as_json:
        show_json(found)
    else:
        show_checks(found["checks"])
    if not found["ok"]:
        raise typer.Exit(BAD_ANSWER)


@app.command("pause")
def pause(
    application: App, reason: Annotated[str, typer.Option(help="Why, for those who look at it later.")] = ""
) -> None:
    """Send nothing more to an application, within one second."""
    open_installation()
    from provisor.applications.applications import pause as act
    from provisor.applications.lookup import find_application

    paused = act(find_application(application).id, actor=actor(), reason=reason)
    say(
        f'"{paused.name}" is paused: nothing more is sent. Go on with: provisor application resume "{paused.name}"'
    )


@app.command("resume")
def resume(application: App) -> None:
    """Go on sending to an application."""
    open_installation()
    from provisor.applications.applications import resume as act
    from provisor.applications.lookup import find_application

    resumed = act(find_application(application).id, actor=actor())
    say(f'"{resumed.name}" goes on.')
