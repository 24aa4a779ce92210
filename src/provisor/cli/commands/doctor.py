"""`provisor doctor URL`: probe a target and report its dialect."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import open_installation
from provisor.cli.refusals import BAD_ANSWER, CommandRefusal
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.secrets_given import read_secret_file, read_stdin_line
from provisor.cli.words import check_look, count


def doctor(
    url: Annotated[str, typer.Argument(metavar="URL", help="The SCIM base URL.")],
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the bearer token from standard input.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Read the bearer token from a file.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Also create, change and delete one throw-away account and group.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Probe a SCIM server: can it be reached, does the token work, which dialect does it speak?

    Exits with 1 when provisioning could not work. Without --write nothing is written there.
    """
    token = _token(token_file, stdin=token_stdin)
    open_installation()
    from provisor.cli.write_probe import probe_writes
    from provisor.provisioning.preview.examination import examine

    found = examine(url, "bearer", {"token": token})
    if write and found["ok"]:
        found["checks"] += (written := probe_writes(url, token, found["facts"]))
        found["ok"] = all(check["ok"] for check in written)
    if as_json:
        show_json(found)
    else:
        _show(url, found)
    if not found["ok"]:
        raise typer.Exit(BAD_ANSWER)


def _token(file: Path | None, *, stdin: bool) -> str:
    if stdin == (file is not None):
        raise CommandRefusal("Say where the bearer token is: either --token-stdin or --token-file FILE.")
    return read_secret_file(file, "token") if file else read_stdin_line("token")


def _show(url: str, found: dict[str, Any]) -> None:
    show_checks(found["checks"])
    learned = [fact for fact in found.get("facts", ()) if fact]
    if learned:
        table = plain_table("What it says of itself", ("fact", "value", "how we know"))
        for fact in learned:
            table.add_row(*(str(_part(fact, name)) for name in ("name", "value", "evidence")))
        show(table)
    show_attributes(found.get("attributes") or {})
    say(
        Text(
            "Provisioning can work." if found["ok"] else f"Provisioning to {url} cannot work like this.",
            "bold",
        )
    )


def show_checks(checks: list[dict[str, Any]]) -> None:
    """Print a list of checks, each a mark and a sentence."""
    for check in checks:
        look = check_look(str(check["level"]), ok=bool(check["ok"]))
        say(Text(f"  {look.icon} ", look.style), Text(f"{check['name']}  ", "bold"), str(check["message"]))


def show_attributes(listed: dict[str, Any]) -> None:
    """Print what an application lists of its attributes: how many, and those that are not simply read and written."""
    for noun, resource in listed.items():
        if not resource:
            continue
        attributes = resource["attributes"]
        required = [each["path"] for each in attributes if each["required"]]
        read_only = [each["path"] for each in attributes if each["mutability"] == "readOnly"]
        say(
            Text(f"Attributes of {noun}: ", "bold"),
            count(len(attributes) + resource["left_out"], "attribute"),
        )
        for words, paths in (("required", required), ("read-only", read_only)):
            if paths:
                say(f"  {words}: {', '.join(paths)}")


def _part(fact: Any, name: str) -> Any:
    return fact.get(name, "") if isinstance(fact, dict) else getattr(fact, name, "")
