"""What is known of one application: its profile, what was probed, and what an administrator has said (R15)."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from provisor.applications.changes import record_application, save_counted
from provisor.applications.lookup import locked_application
from provisor.applications.models import Application, Capability
from provisor.applications.profiles import GENERIC, Profile, load_profile
from provisor.applications.refusals import Problems, pointer
from provisor.audit.actor import Actor
from provisor.directory.changes import change
from provisor.scim.capabilities import FACTS, UNKNOWN, Fact, Origin, fact_problem, resolve
from provisor.scim.dialect import Dialect

#: Which limit of an application stands for which fact.
_LIMITS: Final = {
    "rate": "rate_per_second",
    "concurrency": "concurrency",
    "members_per_request": "members_per_request",
}

#: The limit that keeps bulk requests from being sent; else they are where the application takes them.
BULK_OFF: Final = "off"

#: Beside the facts: how many writes of each kind were read back (engine.md, section 5).
READ_BACK: Final = "read_back"

#: The evidence of what an application announces, as against what it was seen to do: its documents.
_DOCUMENTS: Final = frozenset({"ServiceProviderConfig", "ResourceTypes", "Schemas"})


def facts_of(application: Application) -> list[Fact]:
    """Everything that is known, weaker and overruled facts too, each with its origin and evidence.

    Announcements that were stored under another profile, and that this one knows to be wrong, are left out.
    One query, or none where `capabilities` was prefetched.
    """
    profile = _profile_of(application)
    rows = sorted(application.capabilities.all(), key=lambda row: row.pk)
    return [
        *profile.facts,
        *(
            Fact(name=r.name, value=r.value, origin=r.origin, evidence=r.evidence)
            for r in rows
            if r.name != READ_BACK
            and (r.name not in profile.ignored_announcements or r.evidence not in _DOCUMENTS)
        ),
        *_limits_of(application),
    ]


def dialect_of(application: Application) -> Dialect:
    """The dialect to speak with the application: profile < probe < administrator, and its limits last. One query."""
    return resolve(facts_of(application))


def record_probe(
    application: Application, facts: Iterable[Fact], *, evidence: str = "", measured: bool = False
) -> list[str]:
    """Store what a probe has found, and return the names of the facts that are new or different.

    A fact that is absent or unknown overwrites nothing: a probe that failed has learnt nothing. What the
    application announces of itself (`measured` false) is not believed where its profile knows better; what
    Provisor has seen happen always is. `evidence` serves facts that carry none.
    """
    ignored = frozenset() if measured else _profile_of(application).ignored_announcements
    known = {row.name: row for row in application.capabilities.filter(origin=Capability.Origin.PROBE)}
    learnt: dict[str, Capability] = {}
    for fact in facts:
        if fact.name in ignored or fact.value in (None, UNKNOWN) or fact_problem(fact.name, fact.value):
            continue
        learnt[fact.name] = Capability(
            application_id=application.pk,
            name=fact.name,
            origin=Capability.Origin.PROBE,
            value=fact.value,
            evidence=fact.evidence or evidence,
            at=timezone.now(),
        )
    Capability.objects.bulk_create(
        learnt.values(),
        update_conflicts=True,
        unique_fields=["application", "name", "origin"],
        update_fields=["value", "evidence", "at"],
    )
    return [name for name, row in learnt.items() if name not in known or known[name].value != row.value]


def overrule_fact(
    application_id: UUID | str,
    name: str,
    value: Any,
    *,
    reason: str,
    actor: Actor,
    version: int | None = None,
) -> Application:
    """Say what the application can do, against its profile and its own word. `reason` is shown beside it."""
    problems = Problems()
    if name not in FACTS:
        problems.unknown_name("/facts", name, FACTS)
    elif problem := fact_problem(name, value) or ("Say what it is." if value == UNKNOWN else ""):
        problems.add(pointer("/facts", name), problem, FACTS[name].description)
    problems.refuse_if_any()
    with change():
        application = locked_application(application_id, version)
        Capability.objects.update_or_create(
            application=application,
            name=name,
            origin=Capability.Origin.ADMINISTRATOR,
            defaults={"value": value, "evidence": reason, "at": timezone.now()},
        )
        save_counted(application)
        record_application("application.fact_overruled", application, actor=actor, after={name: value})
    return application


def restore_fact(
    application_id: UUID | str, name: str, *, actor: Actor, version: int | None = None
) -> Application:
    """Take back what an administrator has said: the profile and the probe count again."""
    with change():
        application = locked_application(application_id, version)
        said = application.capabilities.filter(name=name, origin=Capability.Origin.ADMINISTRATOR)
        before = {row.name: row.value for row in said}
        if said.delete()[0]:
            save_counted(application)
            record_application("application.fact_restored", application, actor=actor, before=before)
    return application


def _profile_of(application: Application) -> Profile:
    """The profile, or the generic one when a later version of Provisor does not have it any more."""
    try:
        return load_profile(application.profile)
    except KeyError:
        return load_profile(GENERIC)


def _limits_of(application: Application) -> list[Fact]:
    given = {_LIMITS[name]: value for name, value in application.limits.items() if name in _LIMITS}
    if application.limits.get("bulk") == BULK_OFF:
        given["bulk"] = False
    return [
        Fact(name=name, value=value, origin=Origin.ADMINISTRATOR, evidence="a limit of the application")
        for name, value in given.items()
        if value is not None
    ]
