"""Why somebody has an account, or why not: the chain in steps, from membership to the last attempt."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

import orjson

from provisor.applications.lookup import live_policies
from provisor.applications.models import Application, Policy
from provisor.applications.scoping import compiled_or_why, document_of, judge
from provisor.directory.models import User
from provisor.mapping.scope import Verdict
from provisor.provisioning.models import Attempt, Health, Hold, Link
from provisor.provisioning.passes.delete_after import deleted_at
from provisor.provisioning.queries import OBSERVED
from provisor.provisioning.why.explain_ways import Origin, Origins, Way, origins_of, ways_of
from provisor.provisioning.why.steps import Explanation, Mend, Step, Subject

SHOWN = 5
#: Attempts that are looked through for the one that created the account.
_LOOKED_THROUGH = 50
_GOOD = range(200, 300)

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


_MENDS = {
    Link.State.FAILED: Mend.RETRY,
    Link.State.MISSING: Mend.RETRY,
    Link.State.CONFLICT: Mend.DECIDE,
    Link.State.HELD: Mend.RELEASE,
    Link.State.EXCLUDED: Mend.INCLUDE,
}


def explain(user_id: UUID, application_id: UUID) -> list[str]:
    """Return the chain for one user and one application as sentences; each way to a policy is one entry.

    Raises User.DoesNotExist and Application.DoesNotExist.
    """
    steps = explain_steps(user_id, application_id)
    told: list[str] = []
    for way, some in groupby(steps, key=lambda step: step.way):
        sentences = [sentence_of(step) for step in some]
        told += [" ".join(sentences)] if way else sentences
    return told


def explain_steps(user_id: UUID, application_id: UUID) -> list[Step]:
    """Return the chain as steps. Raises as `explain`."""
    user, application = User.objects.get(pk=user_id), Application.objects.get(pk=application_id)
    return list(explanation_of(user, application).steps)


def explanation_of(user: User, application: Application) -> Explanation:
    """Return the chain with its outcome; eight queries or nine, however many ways there are."""
    link = Link.objects.filter(application=application, kind="user", local_id=user.id).first()
    policies = list(live_policies().filter(application=application).select_related("group").order_by("name"))
    every = ways_of(user.id, policies) if policies else []
    verdicts = {way.policy.id: judge(way.policy.scope, user) for way in every}
    # where a filter failed, who has the account keeps it
    ways = [way for way in every if verdicts[way.policy.id].matches is not False]
    kept_out = [policy for policy in policies if policy.id in verdicts and not verdicts[policy.id].matches]
    origins = origins_of(user.id, ways, link.entry_id if link else None)
    granted = bool(ways) and user.active and user.deleted_at is None
    steps = [
        *_person(user, origins),
        *_scope(user, application, policies, ways, origins, filtered=bool(kept_out)),
        *_filters(user, kept_out, verdicts, granted=granted),
        *_application(application, link),
        *_account(user, application, link, origins, granted=granted),
    ]
    return Explanation(steps=steps, granted=granted, has_account=_is_there(link))


def sentence_of(step: Step) -> str:
    """The text of a step with who did it and when, in UTC."""
    if step.actor:
        words = " ".join(filter(None, (step.did, "by", step.actor)))
        return f"{step.text.removesuffix('.')} ({words}, {_time(step.at)})." if step.at else step.text
    return f"{_time(step.at)}: {step.text}" if step.at else step.text


def _is_there(link: Link | None) -> bool:
    gone = (Link.State.RELEASED, Link.State.MISSING)
    return link is not None and link.remote_id is not None and link.state not in gone


def _person(user: User, origins: Origins) -> Iterator[Step]:
    subjects = (Subject("user", str(user.id), user.user_name),)
    name = user.user_name
    if user.deleted_at is not None:
        origin = origins.user.get("user.deleted") or Origin(user.deleted_at, "", "")
        text = f"{name} was deleted from the directory."
        yield Step(
            text=text, at=origin.at, actor=origin.actor, did="deleted", missing=True, mend=Mend.ADD_USER
        )
    elif not user.active:
        text = f"{name} is disabled in the directory, so no policy brings them anywhere."
        yield _made(
            text, origins.user.get("user.disabled"), "disabled", subjects, missing=True, mend=Mend.ACTIVATE
        )
    else:
        yield Step(text=f"{name} is an active user of the directory.", subjects=subjects)


def _made(
    text: str,
    origin: Origin | None,
    did: str,
    subjects: tuple[Subject, ...],
    *,
    missing: bool = False,
    mend: Mend = Mend.NONE,
    way: int = 0,
) -> Step:
    """A step with its origin, where one is known."""
    at, actor = (origin.at, origin.actor) if origin else (None, "")
    return Step(
        text=text, at=at, actor=actor, did=did, subjects=subjects, missing=missing, mend=mend, way=way
    )


def _scope(
    user: User,
    application: Application,
    policies: list[Policy],
    ways: list[Way],
    origins: Origins,
    *,
    filtered: bool,
) -> Iterator[Step]:
    target = Subject("application", str(application.id), application.name)
    if not policies:
        text = f"No policy grants {application.name} to any group. Add one to bring people there."
        yield Step(text=text, subjects=(target,), missing=True, mend=Mend.ADD_POLICY)
    elif not ways and not filtered:
        named = ", ".join(f"“{policy.group.display_name}”" for policy in policies[:SHOWN])
        more = f" and {len(policies) - SHOWN:,} more" if len(policies) > SHOWN else ""
        text = (
            f"{application.name} is granted to {named}{more}, and {user.user_name} is in none of these groups. "
            "Add the user to one of them."
        )
        groups = tuple(_group(policy.group_id, policy.group.display_name) for policy in policies[:SHOWN])
        yield Step(text=text, subjects=groups, missing=True, mend=Mend.ADD_TO_GROUP)
    for number, way in enumerate(ways, start=1):
        yield from _way(user, application, way, origins, number)


def _filters(
    user: User, policies: list[Policy], verdicts: dict[UUID, Verdict], *, granted: bool
) -> Iterator[Step]:
    """Policies whose group the user is in, and whose filter does not let the user in, with what it looked at."""
    for policy in policies:
        verdict = verdicts[policy.id]
        subjects = (
            Subject("policy", str(policy.id), policy.name),
            _group(policy.group_id, policy.group.display_name),
        )
        if verdict.matches is None:
            text = f"The filter of the policy “{policy.name}” could not be evaluated: {verdict.reason}"
            text += " Whoever has the account keeps it, and nobody gets it. Mend the filter or the user's attributes."
        else:
            text = (
                f"{user.user_name} is in “{policy.group.display_name}”, and the filter of the policy “{policy.name}” lets "
                f"in only for whom this is true: {policy.scope.strip()}. For {user.user_name}: {_looked_at(policy, user)}."
            )
        yield Step(text=text, subjects=subjects, missing=not granted, mend=Mend.CHANGE_FILTER)


def _looked_at(policy: Policy, user: User) -> str:
    """The values that a filter read, as the user has them."""
    scope = compiled_or_why(policy.scope)
    values = {} if isinstance(scope, Verdict) else scope.read_values(document_of(user))
    told = ", ".join(
        f"{name} is {orjson.dumps(value).decode()[:200]}" for name, value in sorted(values.items())
    )
    return told or "it has none of the attributes that the filter looks at"


def _way(user: User, application: Application, way: Way, origins: Origins, number: int) -> Iterator[Step]:
    holder, name = way.groups[0]
    text = f"{user.user_name} is in “{name}”."
    yield _made(text, origins.joined.get(holder), "added", (_group(holder, name),), way=number)
    for (child, child_name), (parent, parent_name) in zip(way.groups, way.groups[1:], strict=False):
        inside = f"“{child_name}” is in “{parent_name}”."
        around = (_group(parent, parent_name),)
        yield _made(inside, origins.nested.get((parent, child)), "put inside", around, way=number)
    policy = way.policy
    granted = f"The policy “{policy.name}” grants {application.name} to “{way.groups[-1][1]}”."
    grant = (Subject("policy", str(policy.id), policy.name),)
    yield _made(granted, origins.policies.get(policy.id), "added", grant, way=number)


def _group(group_id: UUID, name: str) -> Subject:
    return Subject("group", str(group_id), name)


def _application(application: Application, link: Link | None) -> Iterator[Step]:
    """What keeps the application from being written to; it breaks the chain only while there is no account."""
    subjects = (Subject("application", str(application.id), application.name),)
    missing = not _is_there(link)
    if application.deleted_at is not None:
        text = f"{application.name} was deleted from Provisor: its accounts are left as they are."
        yield Step(text=text, at=application.deleted_at, missing=True)
        return
    health = Health.objects.filter(application=application).first()
    if application.paused:
        text = f"{application.name} is paused. {application.paused_reason}".strip()
        yield Step(text=text, subjects=subjects, missing=missing, mend=Mend.RESUME)
    elif health is not None and health.state != Health.State.WELL:
        text = f"{application.name} is {health.state}. {health.reason}".strip()
        at = _moment(health.since) if health.since else None
        yield Step(text=text, at=at, subjects=subjects, missing=missing, mend=Mend.RECONNECT)
    elif application.mode == Application.Mode.OBSERVE:
        text = f"{application.name} is well. {OBSERVED}"
        yield Step(text=text, subjects=subjects, missing=missing, mend=Mend.ENFORCE)


def _account(
    user: User, application: Application, link: Link | None, origins: Origins, *, granted: bool
) -> Iterator[Step]:
    if link is None:
        text = f"Provisor knows of no account of {user.user_name} in {application.name}."
        if granted:
            text += " The engine has not looked at the latest changes yet: that takes seconds while it runs."
        yield Step(text=text, missing=True, mend=Mend.WAIT if granted else Mend.NONE)
        return
    attempts = list(
        Attempt.objects.filter(application=application, local_id=user.id)
        .defer("request", "response")
        .order_by("-id")[:_LOOKED_THROUGH]
    )
    yield from _cause(origins)
    here = (Subject("link", str(link.id), link.remote_id or user.user_name),)
    if link.remote_id:
        yield _remote(link, attempts, here)
    state = Link.State(link.state)
    text = " ".join(part for part in (STATES[state], link.reason) if part)
    broken = not _is_there(link) or state == Link.State.EXCLUDED
    yield Step(text=text, subjects=here, missing=broken, mend=_MENDS.get(state, Mend.NONE))
    yield from _deletion(application, link)
    yield from _holds(link, here)
    yield from _attempts(attempts[:SHOWN])


def _cause(origins: Origins) -> Iterator[Step]:
    cause = origins.cause
    if cause is not None:
        words = cause.event.replace(".", " ").replace("_", " ")
        text = f"The last change that concerned it: {words}."
        subjects = (Subject("entry", str(cause.entry_id)),)
        yield Step(text=text, at=cause.at, actor=cause.actor, subjects=subjects)


def _remote(link: Link, attempts: list[Attempt], here: tuple[Subject, ...]) -> Step:
    """The account, with the exchange that created it where the log still has that."""
    text = f"The account there is {link.remote_id}; it was {link.origin or 'linked'}."
    created = next((each for each in attempts if each.act == "create" and each.status in _GOOD), None)
    if link.origin != Link.Origin.CREATED or created is None:
        return Step(text=text, subjects=here)
    subjects = (*here, Subject("attempt", str(created.id)))
    took = f"{text.removesuffix('.')} in {created.milliseconds:.0f} ms."
    return Step(text=took, at=_moment(created.at), subjects=subjects)


def _deletion(application: Application, link: Link) -> Iterator[Step]:
    at = deleted_at(application, link)
    if at is not None:
        text = (
            f"The account will be deleted on {_time(_moment(at))}: {application.name} deletes what has been "
            f"deactivated for {application.delete_after_days} days."
        )
        yield Step(text=text)


def _holds(link: Link, here: tuple[Subject, ...]) -> Iterator[Step]:
    for hold in Hold.objects.filter(link_id=link.id, state=Hold.State.HELD):
        text = f"Held since {_time(_moment(hold.held_at))}: {hold.reason}"
        yield Step(text=text, subjects=here, mend=Mend.RELEASE)


def _attempts(attempts: list[Attempt]) -> Iterator[Step]:
    for attempt in attempts:
        answer = f"answered {attempt.status}" if attempt.status else "no answer"
        text = f"{attempt.method} {attempt.path}: {answer}, {attempt.milliseconds:.0f} ms."
        reason = f" {attempt.reason}" if attempt.reason else ""
        subjects = (Subject("attempt", str(attempt.id)),)
        yield Step(text=text + reason, at=_moment(attempt.at), subjects=subjects)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""
