"""`provisor admin create` and `provisor token create`: who may sign in, and with which token."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import remark, say
from provisor.cli.secrets_given import read_stdin_line

if TYPE_CHECKING:
    from provisor.access.models import Account

admin = typer.Typer(help="Accounts that administer Provisor.", no_args_is_help=True)
token = typer.Typer(help="Tokens for the APIs.", no_args_is_help=True)


@admin.callback()
def _admin() -> None:
    """Accounts that administer Provisor."""


@token.callback()
def _token() -> None:
    """Tokens for the APIs."""


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(help="The e-mail address to sign in with.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    role: Annotated[
        str, typer.Option(help="owner, application-administrator, approver, help-desk or auditor.")
    ] = "owner",
    name: Annotated[str, typer.Option(help="The name to show.")] = "",
) -> None:
    """Create an account that can sign in to the console at once."""
    password = read_stdin_line("password") if password_stdin else _asked_password()
    open_installation()
    from provisor.access.accounts import create_account

    account = create_account(email, password, role, actor(), name=name)
    say(f'"{account.email}" can sign in now, as {account.role}.')


@admin.command("lock")
def lock_admin(email: Annotated[str, typer.Argument(help="The e-mail address of the account.")]) -> None:
    """Keep an account from signing in, and end its sessions."""
    open_installation()
    from provisor.access.accounts import lock

    say(f'"{lock(_named(email).id, actor()).email}" cannot sign in until it is unlocked. Its tokens go on.')


@admin.command("unlock")
def unlock_admin(email: Annotated[str, typer.Argument(help="The e-mail address of the account.")]) -> None:
    """Let an account sign in again: neither a lock nor wrong tries of the past count any more."""
    open_installation()
    from provisor.access.accounts import unlock

    say(f'"{unlock(_named(email).id, actor()).email}" can try to sign in at once.')


@admin.command("reset")
def reset_admin(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a new password from standard input, too.")
    ] = False,
) -> None:
    """For whoever has lost what they signed in with: remove all factors, unlock, and end the sessions."""
    password = read_stdin_line("password") if password_stdin else ""
    open_installation()
    from provisor.access.accounts import reset, set_password

    account = _named(email)
    if password:
        set_password(account.id, password, actor())
    reset(account.id, actor())
    say(f'"{account.email}" has no second factor and no passkey any more, and signs in with the password.')


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: Annotated[
        str, typer.Option(help="owner, application-administrator, approver, help-desk or auditor.")
    ],
    account: Annotated[
        str, typer.Option(help="E-mail address of its account; needed where there are several owners.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Create an API token and print it: this once, it is not kept in clear."""
    open_installation()
    from provisor.access.tokens import issue

    issued, plain = issue(_holder(account), name, role, actor())
    if as_json:
        say(json.dumps({"id": str(issued.id), "name": issued.name, "role": issued.role, "token": plain}))
        return
    say(plain)
    remark(
        f"It acts for {issued.account.email} as {issued.role}. It is not shown again: keep it where secrets are kept."
    )


def _asked_password() -> str:
    if not sys.stdin.isatty():
        raise CommandRefusal(
            "No password was given. Add --password-stdin and write the password to standard input."
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _named(email: str) -> "Account":
    from provisor.access.models import Account

    found: Account | None = Account.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise CommandRefusal(
            f'There is no account "{email}". Create it first: provisor admin create --email {email}'
        )
    return found


def _holder(email: str) -> "Account":
    from provisor.access.models import Account, Role

    if email:
        return _named(email)
    owners: list[Account] = list(Account.objects.filter(role=Role.OWNER, is_active=True)[:2])
    if not owners:
        raise CommandRefusal(
            "A token belongs to an account, and there is none yet. Create one first: provisor admin create --email ..."
        )
    if len(owners) > 1:
        raise CommandRefusal(
            "There are several owners, and a token belongs to one account. Say which: --account EMAIL"
        )
    return owners[0]
