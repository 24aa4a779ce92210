"""`provisor sign-in ...`: single sign-on of applications, people of the portal, and the keys that sign."""

from typing import Annotated, Any

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import remark, say, show_json

app = typer.Typer(
    help="Single sign-on of applications, and who may sign in to the portal.", no_args_is_help=True
)

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
UserName = Annotated[str, typer.Argument(metavar="USER", help="A user name or id.")]
_KEEP = "It is not shown again: keep it where secrets are kept."


@app.command("show")
def show(application: App) -> None:
    """Show how an application signs people in, as JSON; never its secret."""
    open_installation()
    from provisor.applications import single_sign_on
    from provisor.applications.lookup import find_application

    target = find_application(application)
    found = single_sign_on.find(target.pk)
    if found is None:
        raise CommandRefusal(f'"{target.name}" has no single sign-on. Switch it on: provisor sign-in set')
    show_json(single_sign_on.document(found))


@app.command("set")
def set_up(
    application: App,
    *,
    redirects: Annotated[
        list[str] | None, typer.Option("--redirect", help="A redirect address; may be repeated.")
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option("--claim", help="NAME=PATH of a user, e.g. email=emails.value; may be repeated."),
    ] = None,
) -> None:
    """Switch single sign-on on, or change it. The first time the secret is printed, this once."""
    open_installation()
    from provisor.applications import single_sign_on
    from provisor.applications.lookup import find_application

    changes: dict[str, Any] = {"redirect_uris": redirects} if redirects else {}
    if claims:
        pairs = [each.partition("=") for each in claims]
        changes["claims"] = [{"claim": name, "source": source} for name, _, source in pairs]
    row, secret = single_sign_on.configure(find_application(application).pk, changes, actor=actor())
    remark(f"The client id is {row.client.id}.")
    if secret:
        say(secret)
        remark(_KEEP)


@app.command("secret")
def secret(application: App) -> None:
    """Make another secret and print it, this once; the old one ends at once."""
    open_installation()
    from provisor.applications import single_sign_on
    from provisor.applications.lookup import find_application

    say(single_sign_on.renew_secret(find_application(application).pk, actor=actor())[1])
    remark(_KEEP)


@app.command("off")
def off(application: App) -> None:
    """Switch single sign-on of an application off: its client and all its tokens end."""
    open_installation()
    from provisor.applications import single_sign_on
    from provisor.applications.lookup import find_application

    target = find_application(application)
    single_sign_on.remove(target.pk, actor=actor())
    say(f'Single sign-on of "{target.name}" is off.')


@app.command("launch")
def launch(
    application: App,
    address: Annotated[str, typer.Argument(metavar="URL", help='Where people open it; "" for nowhere.')],
) -> None:
    """Say where My apps opens an application."""
    open_installation()
    from provisor.applications.applications import update_application
    from provisor.applications.lookup import find_application

    changed = update_application(find_application(application).pk, {"launch_url": address}, actor=actor())
    said = f"opens {changed.launch_url}" if changed.launch_url else "opens nothing"
    say(f'My apps {said} for "{changed.name}".')


@app.command("new-key")
def new_key() -> None:
    """Make another key that signs what applications are told; it signs once all can have read of it."""
    open_installation()
    from provisor.access.signing_keys import rotate

    made = rotate(actor())
    say(f"A new key signs from {made.signs_from:%Y-%m-%d %H:%M} UTC; the old ones end a day later.")


@app.command("invite")
def invite(user: UserName) -> None:
    """Invite a user of the directory to My apps: they get a letter, or you the link, where no e-mail can leave."""
    open_installation()
    from django.conf import settings

    from provisor.access.portal_accounts import invite as invited
    from provisor.directory.queries import find_user

    if not settings.PUBLIC_URL:
        raise CommandRefusal("Set PROVISOR_PUBLIC_URL first: the letter says where to go.")
    invitation = invited(find_user(user).id, actor(), origin=settings.PUBLIC_URL)
    if settings.EMAIL_IS_SET:
        say(f"A letter is on its way to {invitation.account.email}.")
    else:
        say(invitation.password_url or invitation.portal_url)
        remark("No e-mail can leave here: hand this link over. It works once, for a few days.")
