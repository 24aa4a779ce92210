"""`provisor explain USER APP`: why somebody has an account there, or why not."""

from typing import Annotated

import typer

from provisor.cli.opening import open_installation
from provisor.cli.screen import say, show_json


def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="A user name or an id.")],
    application: Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the sentences as a JSON list.")] = False,
) -> None:
    """Say why a user has an account in an application, or why not, as a chain from top to bottom."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.directory.queries import find_user
    from provisor.provisioning.preview.preview import plan_one
    from provisor.provisioning.why.explain import explain as sentences_of

    person, target = find_user(user), find_application(application)
    sentences = sentences_of(person.id, target.id)
    planned = plan_one(target.id, "user", person.id)
    if as_json:
        show_json(
            {"user": person.user_name, "application": target.name, "sentences": sentences, "plan": planned}
        )
        return
    for place, sentence in enumerate(sentences):
        say("  " * place, "→ " if place else "", sentence)
    acts = [operation["act"].replace("_", " ") for operation in planned["operations"]]
    say("A pass would now: ", ", ".join(acts) or "send nothing", ".")
