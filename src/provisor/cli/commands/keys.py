"""`provisor keys status` and `provisor keys rotate`: the keys that encrypt what is secret."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.progress import progress
from provisor.cli.refusals import BAD_ANSWER
from provisor.cli.screen import plain_table, remark, say, show, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.vault.rotation import KeyUse, Rotation

app = typer.Typer(help="The keys that encrypt credentials and other secrets.", no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """The keys that encrypt credentials and other secrets."""


@app.command("status")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show which key seals, and how much each key has sealed. Exits with 1 when a key that is needed is missing.

    A key is shown by its id, the first eight digits of its SHA-256; the key itself is never shown.
    """
    open_installation()
    from provisor.vault import keys, rotation

    found = rotation.status()
    missing = [each for each in found if not each.known]
    if as_json:
        show_json({"source": keys.source().name, "keys": [asdict(each) for each in found]})
    else:
        say(f"The keys come from {keys.source().name}.")
        show(_table(found))
    if missing:
        sealed = sum(each.sealed for each in missing)
        remark(
            f"{count(sealed, 'secret is', 'secrets are')} sealed with a key that is not here. Put that key behind the "
            "first one, or enter these secrets anew.",
            "red",
        )
        raise typer.Exit(BAD_ANSWER)


@app.command("rotate")
def rotate(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Exchange the key while the service runs: a new one seals, what is sealed is wrapped anew, the old one goes.

    Can be repeated after a crash: it goes on where it stood. Where the key is given by PROVISOR_ENCRYPTION_KEY or a
    file named by PROVISOR_ENCRYPTION_KEY_FILE, put the new key there yourself: "OLD NEW" for every process first,
    then "NEW OLD", then run this, then take OLD away. A file is read again by running processes when it changes; a
    variable is read when a process starts. Exits with 1 when something could not be wrapped anew.
    """
    open_installation()
    from provisor.vault import keys, rotation

    with progress("Wrapping anew", "secrets") as advance:
        found = rotation.rotate(actor=actor(), progress=advance)
    if as_json:
        show_json(asdict(found))
    else:
        _say(found, writable=keys.source().writable)
    if found.damaged or found.lost:
        raise typer.Exit(BAD_ANSWER)


def _say(found: "Rotation", *, writable: bool) -> None:
    say(
        f"Key {found.current} seals now; {count(found.rewrapped, 'secret was', 'secrets were')} wrapped anew."
    )
    if found.dropped and writable:
        say(
            f"Nothing used {', '.join(found.dropped)} any more: gone. Copies in backups still open old backups."
        )
    elif found.dropped:
        say(f"Nothing uses {', '.join(found.dropped)} any more: take it away where the keys are set.")
    for each in found.damaged:
        remark(f"This does not open and was left as it is: {each}. Enter it anew, then repeat this.", "red")
    if found.kept:
        remark(f"Kept, since something is still sealed with it: {', '.join(found.kept)}.")
    if found.lost:
        remark(f"{count(found.lost, 'secret is', 'secrets are')} sealed with a key that is not here.", "red")


def _table(found: "list[KeyUse]") -> Any:
    table = plain_table("", ("key", "use", "sealed", "of which"), numbers=("sealed",))
    for each in found:
        use = "seals" if each.seals else "opens" if each.known else "not here"
        parts = ", ".join(f"{number:,} {name}" for name, number in each.by_column.items())
        table.add_row(each.id, use, f"{each.sealed:,}", parts)
    return table
