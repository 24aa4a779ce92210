"""`provisor hold ...`: what the brake has stopped, to be released or kept."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.applications.models import Application
    from provisor.provisioning.models import Hold

app = typer.Typer(help="What the brake has stopped: release or keep it.", no_args_is_help=True)

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
Which = Annotated[str, typer.Argument(metavar="[HOLD]", help="The id of one hold, or its beginning.")]
All = Annotated[bool, typer.Option("--all", help="Everything that is held.")]
Effect = Annotated[
    str, typer.Option("--effect", help="The effect that `hold list` showed, or its first 12 characters.")
]

#: Characters of an effect that are shown, and that are enough to name it.
SHORT = 12
ROWS = 200
UNSEEN = "Say with --effect what you release: the effect that `provisor hold list` shows. A release counts only for what was shown."
CHANGED = "What would happen is not what that effect stands for. Look again: provisor hold list, then decide."


@app.command("list")
def list_holds(
    application: App, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List what is held: who, what would happen, why, and the effect that a release has to name."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.brake.decisions import shown_effect

    target = find_application(application)
    number, effects = shown_effect(target.id)
    rows = _rows(target)
    if as_json:
        return show_json({"application": target.name, "held": number, "effects": effects, "items": rows})
    if not rows:
        return say(f'Nothing of "{target.name}" is held.')
    table = plain_table("", ("hold", "who", "what", "cause", "changed by", "effect"))
    for row in rows[:ROWS]:
        cells = ("id", "name", "act", "cause", "caused_by")
        table.add_row(*(Text(str(row[cell])) for cell in cells), Text(row["effect"][:SHORT]))
    show(table)
    for reason in dict.fromkeys(row["reason"] for row in rows):
        say(reason)
    more = f"; {number - ROWS:,} more are not shown, see --json" if number > ROWS else ""
    return say(f"{count(number, 'operation')} held{more}. All of them: --all --effect {effects[:SHORT]}")


@app.command("release")
def release(application: App, hold: Which = "", every: All = False, effect: Effect = "") -> None:
    """Let it happen. Who made the change that is held does not release it alone."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.brake.decisions import release_all, release_hold

    target = find_application(application)
    if len(effect) < SHORT:
        raise CommandRefusal(UNSEEN)
    if _wants_all(hold, every):
        decided = release_all(target.id, actor=actor(), effects=_seen_all(target, effect))
        say(
            f"{count(decided.done, 'operation')} released. What is not carried out within 24 hours is held again."
        )
        if decided.left:
            raise CommandRefusal(" ".join([f"{count(decided.left, 'operation')} left.", *decided.reasons]))
        return
    one = _find(target, hold)
    release_hold(one.id, actor=actor(), effect=_seen(one.effect, effect))
    say("Released. If it is not carried out within 24 hours, it is held again.")


@app.command("reject")
def reject(application: App, hold: Which = "", every: All = False, effect: Effect = "") -> None:
    """Keep it as it is, until the cause changes."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.brake.decisions import reject_all, reject_hold

    target = find_application(application)
    if _wants_all(hold, every):
        if len(effect) < SHORT:
            raise CommandRefusal(UNSEEN.replace("you release", "you keep"))
        decided = reject_all(target.id, actor=actor(), effects=_seen_all(target, effect))
        return say(
            f"{count(decided.done, 'operation')} rejected: nothing of it is sent until its cause changes."
        )
    one = _find(target, hold)
    reject_hold(one.id, actor=actor())
    return say("Rejected: it stays as it is until its cause changes.")


def _wants_all(hold: str, every: bool) -> bool:
    if bool(hold) == every:
        raise CommandRefusal("Name one hold, or give --all. See: provisor hold list")
    return every


def _seen_all(target: "Application", effect: str) -> str:
    from provisor.provisioning.brake.decisions import shown_effect

    return _seen(shown_effect(target.id)[1], effect)


def _seen(now: str, effect: str) -> str:
    """The whole hash, where what was typed is its beginning."""
    if not now.startswith(effect.lower()):
        raise CommandRefusal(CHANGED)
    return now


def _find(target: "Application", given: str) -> "Hold":
    from provisor.provisioning.models import Hold

    held = Hold.objects.filter(application=target, state=Hold.State.HELD)
    found = [one for one in held if str(one.id).startswith(given.lower())]
    if len(found) != 1:
        raise CommandRefusal(
            f'{len(found) or "No"} held operations of "{target.name}" have an id that begins with "{given}". '
            "See: provisor hold list"
        )
    return found[0]


def _rows(target: "Application") -> list[dict[str, Any]]:
    from provisor.directory.models import Group, JournalEntry, User
    from provisor.provisioning.models import Hold, Link

    held = list(Hold.objects.filter(application=target, state=Hold.State.HELD).order_by("id"))
    links = Link.objects.only("id", "local_id").in_bulk({one.link_id for one in held})
    ids = {*(one.user_id for one in held), *(link.local_id for link in links.values())}
    # whole rows by their ids: that asks in parts, however many there are
    names = {key: user.user_name for key, user in User.objects.only("user_name").in_bulk(ids).items()}
    names |= {
        key: group.display_name for key, group in Group.objects.only("display_name").in_bulk(ids).items()
    }
    entries = JournalEntry.objects.only("actor").in_bulk({one.entry_id for one in held if one.entry_id})
    causers = {key: entry.actor for key, entry in entries.items()}
    return [_row(one, links.get(one.link_id), names, causers) for one in held]


def _row(one: "Hold", link: Any, names: dict[Any, str], causers: dict[int, str]) -> dict[str, Any]:
    own = names.get(link.local_id, "") if link else ""
    name = f"{names.get(one.user_id, one.user_id)} in {own}" if one.user_id else own
    return {
        "id": str(one.id), "name": name, "act": one.act.replace("_", " "), "cause": one.cause, "reason": one.reason,
        "held_at": one.held_at, "caused_by": causers.get(one.entry_id or 0, ""), "effect": one.effect,
    }  # fmt: skip
