"""What the settings of an application show besides their forms, in few queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from provisor.applications.lookup import live_policies
from provisor.applications.models import Application, Credential
from provisor.applications.profiles import GENERIC, Profile, load_profile
from provisor.console.mapping.switches import ORIGINS, strongest
from provisor.planning.allowance import allowance
from provisor.provisioning.models import AccessInterval, Kind, Link
from provisor.scim.capabilities import FACTS, Fact, resolve
from provisor.scim.dialect import Dialect, FactDefinition, Origin

#: The evidence of a fact that is one of the application's own limits.
OWN_LIMIT = "a limit of the application"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """One fact as it counts now."""

    name: str
    description: str
    value: str
    origin: Promise | str
    evidence: str
    #: An administrator has said so, and can take it back.
    is_overruled: bool
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacts:
    """All facts: those that somebody has established, and those that nobody has said anything of."""

    established: tuple[KnownFact, ...]
    defaults: tuple[KnownFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """One slot: whether something is stored, and since when; never what."""

    slot: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What an application has: accounts and groups over there that are kept, and policies that go with it."""

    accounts: int
    groups: int
    policies: int


def profile_of(application: Application) -> Profile:
    """The profile, or the generic one when this version does not have it any more."""
    try:
        return load_profile(application.profile)
    except KeyError:
        return load_profile(GENERIC)


def known_facts(facts: list[Fact]) -> KnownFacts:
    """Every fact with its origin."""
    dialect = resolve(facts)
    by_name = strongest(facts, dialect)
    shown = [_known(definition, dialect, by_name) for definition in FACTS.values()]
    return KnownFacts(
        established=tuple(fact for fact in shown if not fact.is_default),
        defaults=tuple(fact for fact in shown if fact.is_default),
    )


def _known(definition: FactDefinition, dialect: Dialect, by_name: Mapping[str, Any]) -> KnownFact:
    name = definition.name
    origin, fact = dialect.origin(name), by_name.get(name)
    evidence = fact.evidence if fact else ""
    return KnownFact(
        name=name,
        description=definition.description,
        value=in_words(getattr(dialect, name)),
        origin=ORIGINS[origin],
        evidence=evidence,
        is_overruled=origin is Origin.ADMINISTRATOR and evidence != OWN_LIMIT,
        is_default=origin is Origin.DEFAULT,
    )


def in_words(value: Any) -> str:
    """The value of a fact as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_rate, value)) or "—"
    if isinstance(value, (int, float)):
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
    return str(value) or "—"


def _rate(item: Any) -> str:
    match = getattr(item, "match", None)
    return f"{match}: {item.per_second:g}/s" if match else str(item)


def without_own_limits(facts: list[Fact]) -> Dialect:
    """What would hold if the administrator had set no limits: the figures of the placeholders."""
    return resolve(fact for fact in facts if fact.evidence != OWN_LIMIT)


def stored_credentials(application: Application) -> tuple[StoredCredential, StoredCredential]:
    """Both slots. One query."""
    at = dict(application.credentials.values_list("slot", "created_at"))
    first, second = Credential.Slot.PRIMARY.value, Credential.Slot.SECONDARY.value
    return StoredCredential(slot=first, at=at.get(first)), StoredCredential(slot=second, at=at.get(second))


def belongings(application: Application) -> Belongings:
    """Counts for the sentences before a change that cannot be taken back. Two queries."""
    linked = Link.objects.filter(application=application, remote_id__isnull=False).aggregate(
        accounts=Count("id", filter=Q(kind=Kind.USER)), groups=Count("id", filter=Q(kind=Kind.GROUP))
    )
    policies = live_policies().filter(application=application).count()
    return Belongings(accounts=linked["accounts"], groups=linked["groups"], policies=policies)


def allowed_removals(application: Application) -> tuple[int, int]:
    """How many accounts are live there, and how many may be removed within 24 hours. One query."""
    live = AccessInterval.objects.filter(application=application, to_at=None).count()
    return live, allowance(application.brake, live)
