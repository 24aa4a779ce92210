"""`provisor admin` and `provisor token`: who may sign in, for which applications, and with which tokens."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from provisor.cli.bounds import bounds_of, found_id, words_of
from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import plain_table, remark, say, show, show_json
from provisor.cli.secrets_given import read_stdin_line

if TYPE_CHECKING:
    from provisor.access.models import Account

admin = typer.Typer(help="Accounts that administer Provisor.", no_args_is_help=True)
token = typer.Typer(help="Tokens for the APIs.", no_args_is_help=True)

_Applications = Annotated[
    list[str] | None,
    typer.Option("--application", help="An application to look after, by id or name; may be given again."),
]
_AllApplications = Annotated[
    bool, typer.Option("--all-applications", help="Look after all applications, and the directory.")
]


@admin.callback()
def _admin() -> None:
    """Accounts that administer Provisor."""


@token.callback()
def _token() -> None:
    """Tokens for the APIs."""


@admin.command("create")
def create_admin(
    *,
    email: Annotated[str, typer.Option(help="The e-mail address to sign in with.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    role: Annotated[
        str, typer.Option(help="owner, application-administrator, approver, help-desk or auditor.")
    ] = "owner",
    name: Annotated[str, typer.Option(help="The name to show.")] = "",
    application: _Applications = None,
    all_applications: _AllApplications = False,
) -> None:
    """Create an account that can sign in to the console at once. Whoever has a shell here can make an owner: break-glass."""
    password = read_stdin_line("password") if password_stdin else _asked_password()
    open_installation()
    from provisor.access.accounts import create_account

    bounds = bounds_of(role, application or [], all_of_them=all_applications)
    account = create_account(email, password, role, actor(), name=name, applications=bounds)
    say(f'"{account.email}" can sign in now, as {account.role}.')
    if account.applications == []:
        remark("It looks after no application yet: provisor admin role EMAIL ROLE --application APP")


@admin.command("role")
def change_admin(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    role: Annotated[
        str, typer.Argument(help="owner, application-administrator, approver, help-desk or auditor.")
    ],
    application: _Applications = None,
    all_applications: _AllApplications = False,
) -> None:
    """Give an account another role, and say which applications it looks after."""
    open_installation()
    from provisor.access.accounts import change_role

    bounds = bounds_of(role, application or [], all_of_them=all_applications)
    account = change_role(_holder(email).id, role, actor(), applications=bounds)
    say(f'"{account.email}" is {account.role} now, for {words_of(account.applications)}.')


@admin.command("list")
def list_admins(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the accounts with their roles and the applications that they look after."""
    open_installation()
    from provisor.access.models import Account

    found: list[Account] = list(Account.objects.select_related("directory_user").order_by("email"))
    if as_json:
        return show_json([_document(one) for one in found])
    table = plain_table("", ("e-mail", "role", "looks after", "can sign in"))
    for one in found:
        table.add_row(one.email, one.role, words_of(one.applications), "yes" if one.may_sign_in() else "no")
    return show(table)


def _document(account: "Account") -> dict[str, Any]:
    return {
        "id": str(account.id),
        "email": account.email,
        "role": account.role,
        "applications": account.applications,
        "can_sign_in": account.may_sign_in(),
    }


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
    *,
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: Annotated[
        str, typer.Option(help="owner, application-administrator, approver, help-desk or auditor.")
    ],
    account: Annotated[
        str, typer.Option(help="E-mail address of its account; needed where there are several owners.")
    ] = "",
    use: Annotated[str, typer.Option(help="all, read-only or scim-only.")] = "all",
    application: Annotated[
        list[str] | None,
        typer.Option(help="Only for this application; may be given again. Else all of its account."),
    ] = None,
    days: Annotated[int, typer.Option(min=0, help="Days until it ends; 0: when it is revoked.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Create an API token and print it: this once, it is not kept in clear."""
    open_installation()
    from provisor.access.tokens import issue

    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    bounds = [found_id(one) for one in application] if application else None
    issued, plain = issue(
        _holder(account), name, role, actor(), use=use, applications=bounds, expires_at=ends
    )
    if as_json:
        say(
            json.dumps(
                {
                    "id": str(issued.id),
                    "name": issued.name,
                    "role": issued.role,
                    "use": issued.use,
                    "token": plain,
                }
            )
        )
        return
    say(plain)
    remark(
        f"It acts for {issued.account.email} as {issued.role}. It is not shown again: keep it where secrets are kept."
    )


@token.command("list")
def list_tokens() -> None:
    """List the tokens that were not revoked, with what they are for and when they were last used."""
    open_installation()
    from provisor.access.models import Token

    table = plain_table("", ("id", "name", "begins with", "account", "role", "for", "ends", "last used"))
    for one in (
        Token.objects.filter(revoked_at=None).select_related("account").order_by("account__email", "id")
    ):
        bounds = "all of its account" if one.applications is None else words_of(one.applications)
        table.add_row(
            str(one.id),
            one.name,
            one.prefix,
            one.account.email,
            one.role,
            f"{one.use}, {bounds}",
            _day(one.expires_at),
            _day(one.last_used_at),
        )
    show(table)


@token.command("revoke")
def revoke_token(
    token_id: Annotated[
        UUID, typer.Argument(metavar="ID", help="The id of the token, as the list shows it.")
    ],
) -> None:
    """End a token at once and for good."""
    open_installation()
    from provisor.access.tokens import revoke

    ended = revoke(token_id, actor())
    say(f'The token "{ended.name}" is revoked: what uses it is refused from now on.')


def _day(moment: "datetime | None") -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"


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
