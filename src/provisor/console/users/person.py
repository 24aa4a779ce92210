"""One user as their page shows them: facts, groups and the way into them, applications and what stands there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from provisor.access.narrowing import known
from provisor.applications.lookup import live_policies
from provisor.applications.models import Application
from provisor.console.users.fields import MORE, NAMES
from provisor.directory.models import Closure, Group, Membership, User
from provisor.provisioning.models import Kind, Link

#: Groups that a page lists; how many there are is said beside them.
MOST_GROUPS = 200
_LABELS = {field.path.partition("[")[0]: field.label for field in (*NAMES, *MORE)}
#: Shown elsewhere on the page, or said by the directory itself.
_LEFT_OUT = frozenset({"schemas", "id", "active", "userName", "displayName"})


@dataclass(frozen=True, slots=True)
class InGroup:
    """A group that the user is in; `through` are the groups inside it that hold the user, none when directly."""

    group: Group
    through: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class AtApplication:
    """One application: the link if there is one, else the user is about to be brought there."""

    application: Application
    link: Link | None
    #: Groups whose policies grant it.
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Everything of the page but the timeline."""

    user: User
    manager: User | None
    facts: list[tuple[str, str]]
    direct: list[InGroup]
    inherited: list[InGroup]
    applications: list[AtApplication]


def read_person(user: User) -> Person:
    """Read it in a number of queries that does not depend on how much there is."""
    direct, inherited = _groups(user.id)
    everything = {each.group.id: each.group.display_name for each in (*direct, *inherited)}
    return Person(
        user, user.manager, list(facts(user.resource)), direct, inherited, _applications(user, everything)
    )


def _groups(user_id: UUID) -> tuple[list[InGroup], list[InGroup]]:
    held = {
        each.group_id: each.group
        for each in Membership.objects.filter(user_id=user_id).select_related("group")[:MOST_GROUPS]
    }
    around: dict[UUID, tuple[Group, list[Group]]] = {}
    pairs = Closure.objects.filter(descendant_id__in=list(held)).exclude(ancestor_id__in=list(held))
    for pair in pairs.select_related("ancestor")[: MOST_GROUPS * 5]:
        around.setdefault(pair.ancestor_id, (pair.ancestor, []))[1].append(held[pair.descendant_id])
    direct = [InGroup(group, ()) for group in held.values()]
    inherited = [InGroup(group, tuple(through)) for group, through in around.values()]
    return sorted(direct, key=_order), sorted(inherited, key=_order)


def _order(each: InGroup) -> tuple[bool, str]:
    return each.group.is_everyone, each.group.display_name_key


def _applications(user: User, groups: Mapping[UUID, str]) -> list[AtApplication]:
    policies = known(live_policies().filter(group_id__in=list(groups))).select_related("application")
    granted: dict[UUID, tuple[Application, list[str]]] = {}
    for policy in policies.order_by("name") if user.active else ():
        granted.setdefault(policy.application_id, (policy.application, []))[1].append(groups[policy.group_id])
    links = known(Link.objects.filter(kind=Kind.USER, local_id=user.id, application__deleted_at=None))
    found = {
        link.application_id: AtApplication(
            link.application, link, tuple(granted.get(link.application_id, (None, []))[1])
        )
        for link in links.select_related("application").defer("sent", "observed", "doubt", "intent")
    }
    for one, (application, by) in granted.items():
        found.setdefault(one, AtApplication(application, None, tuple(by)))
    return sorted(found.values(), key=lambda each: each.application.name_key)


def facts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield label and value of every attribute that has one, in the order of the document."""
    for name, value in document.items():
        if name in _LEFT_OUT:
            continue
        if isinstance(value, dict):
            for inner, each in value.items():
                if inner not in {"manager", "formatted"}:
                    yield _label(name, inner), _shown(each)
        else:
            yield _label("", name), _shown(value)


def _label(holder: str, name: str) -> str:
    """The form's word where it has one; else the attribute's own name."""
    path = f"{holder}{':' if holder.startswith('urn:') else '.'}{name}" if holder else name
    plain = {"emails": _("E-mail"), "phoneNumbers": _("Phone"), "addresses": _("Address")}
    return str(plain.get(path) or _LABELS.get(path) or name)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return _element(value)
    return str(value)


def _element(value: Mapping[str, Any]) -> str:
    """One value of several: `ada@example.com (work)`."""
    kept = {name: each for name, each in value.items() if name not in {"primary", "$ref", "type", "display"}}
    text = str(kept["value"]) if "value" in kept else ", ".join(str(each) for each in kept.values())
    return f"{text} ({value['type']})" if value.get("type") else text
