"""Why somebody has an account, or why not: the chain in sentences, from membership to the last attempt."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from provisor.applications.models import Application, Policy
from provisor.directory.models import JournalEntry, User
from provisor.directory.queries import effective_groups, explain_membership
from provisor.provisioning.models import Attempt, Hold, Link
from provisor.provisioning.queries import application_status

SHOWN = 5

STATES = {
    Link.State.DUE: "There is something to send, and it is sent as soon as the application allows.",
    Link.State.IN_SYNC: "The application has confirmed everything: it is in sync.",
    Link.State.WAITING: "It waits.",
    Link.State.FAILED: "The last try failed, and nothing more is sent until something changes.",
    Link.State.CONFLICT: "Somebody must decide: there is a conflict.",
    Link.State.HELD: "The brake holds it until a person decides.",
    Link.State.MISSING: "There is no account in the application.",
    Link.State.RELEASED: "The account is no longer kept in step.",
    Link.State.EXCLUDED: "The account is protected: nothing is ever sent for it.",
}


def explain(user_id: UUID, application_id: UUID) -> list[str]:
    """Return the chain for one user and one application, each link a sentence; it ends at the first that is missing."""
    user = User.objects.get(pk=user_id)
    application = Application.objects.get(pk=application_id)
    return [
        *_person(user),
        *_scope(user, application),
        *_application(application),
        *_account(user, application),
    ]


def _person(user: User) -> Iterator[str]:
    if user.deleted_at is not None:
        yield f"{user.user_name} was deleted from the directory on {_time(user.deleted_at)}."
    elif not user.active:
        yield f"{user.user_name} is disabled in the directory, so no policy brings them anywhere."
    else:
        yield f"{user.user_name} is an active user of the directory."


def _scope(user: User, application: Application) -> Iterator[str]:
    policies = Policy.objects.filter(application=application).select_related("group").order_by("name")
    groups = {group.id for group in effective_groups(user.id)}
    matching = [policy for policy in policies if policy.group_id in groups]
    if not policies:
        yield f"No policy grants {application.name} to any group. Add one to bring people there."
    elif not matching:
        named = ", ".join(f"“{policy.group.display_name}”" for policy in policies[:SHOWN])
        yield (
            f"{application.name} is granted to {named}, and {user.user_name} is in none of these groups. "
            "Add the user to one of them."
        )
    for policy in matching:
        for path in explain_membership(user.id, policy.group_id)[:SHOWN]:
            yield f"{user.user_name} is in {_way(path)}; the policy “{policy.name}” grants {application.name} to it."


def _way(path: tuple[str, ...]) -> str:
    return ", which is in ".join(f"“{name}”" for name in reversed(path))


def _application(application: Application) -> Iterator[str]:
    status = application_status(application.id)
    if status["state"] != "well" or status["reason"]:
        yield f"{application.name} is {status['state']}. {status['reason']}".strip()


def _account(user: User, application: Application) -> Iterator[str]:
    link = Link.objects.filter(application=application, kind="user", local_id=user.id).first()
    if link is None:
        yield f"Provisor knows of no account of {user.user_name} in {application.name}."
        return
    yield from _cause(link)
    if link.remote_id:
        yield f"The account there is {link.remote_id}; it was {link.origin or 'linked'}."
    yield " ".join(part for part in (STATES[Link.State(link.state)], link.reason) if part)
    yield from _holds(link)
    yield from _attempts(link)


def _cause(link: Link) -> Iterator[str]:
    entry = JournalEntry.objects.filter(pk=link.entry_id).first() if link.entry_id else None
    if entry is not None:
        yield f"The last change that concerned it: {entry.event.replace('.', ' ').replace('_', ' ')}, by {entry.actor}, {_time(entry.at)}."


def _holds(link: Link) -> Iterator[str]:
    for hold in Hold.objects.filter(link_id=link.id, state=Hold.State.HELD):
        yield f"Held since {_moment(hold.held_at)}: {hold.reason}"


def _attempts(link: Link) -> Iterator[str]:
    for attempt in Attempt.objects.filter(link_id=link.id).order_by("-id")[:SHOWN]:
        answer = f"answered {attempt.status}" if attempt.status else "no answer"
        yield (
            f"{_moment(attempt.at)}: {attempt.method} {attempt.path}: {answer}, {attempt.milliseconds:.0f} ms."
            + (f" {attempt.reason}" if attempt.reason else "")
        )


def _moment(milliseconds: int) -> str:
    return _time(datetime.fromtimestamp(milliseconds / 1_000, UTC))


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
