"""Each switch with the consequence of having it on, and what the application is known not to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.scim.capabilities import UNKNOWN, Fact
from provisor.scim.dialect import Dialect, Origin

ORIGINS: Final[Mapping[str, Promise]] = {
    Origin.DEFAULT: _("the safe default"),
    Origin.PROFILE: _("the profile"),
    Origin.PROBE: _("what the application showed"),
    Origin.ADMINISTRATOR: _("an administrator"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch. It does nothing where every fact of `needs` is false in one of the alternatives."""

    name: str
    label: Promise
    #: What happens while it is on, and what while it is off.
    consequence: Promise
    #: Alternatives of facts: one of each group must be true.
    needs: tuple[tuple[str, ...], ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in the features of an application."""
        noun, _underscore, verb = self.name.partition("_")
        return (noun, verb) if verb else (noun,)


GROUPS: Final[tuple[tuple[Promise, tuple[Switch, ...]], ...]] = (
    (
        _("Users"),
        (
            Switch(
                name="users_create", label=_("Create users"), needs=(("users",), ("create_users",)),
                consequence=_("On: whoever a policy brings gets an account. Off: only accounts that are there already are linked."),
            ),
            Switch(
                name="users_update", label=_("Update users"), needs=(("users",), ("patch_users", "put_users")),
                consequence=_("On: changed attributes are sent. Off: attributes stay as they were when the account was made; deactivation still works."),
            ),
            Switch(
                name="users_delete", label=_("Deactivate or delete users"), needs=(("users",),),
                consequence=_("On: whoever is disabled or deleted here loses the account by the table below. Off: such accounts stay open."),
            ),
        ),
    ),
    (
        _("Groups"),
        (
            Switch(
                name="groups_create", label=_("Create groups"), needs=(("groups",), ("create_groups",)),
                consequence=_("On: the group of each policy is made there too. Off: only groups that are there already are linked."),
            ),
            Switch(
                name="groups_update", label=_("Update groups"), needs=(("groups",), ("patch_groups", "put_groups")),
                consequence=_("On: a renamed group is renamed there. Off: it keeps the name that it has there."),
            ),
            Switch(
                name="groups_delete", label=_("Delete groups"), needs=(("groups",), ("delete_groups",)),
                consequence=_("On: a group deleted here is deleted there. Off: it stays there, without being kept in step."),
            ),
            Switch(
                name="groups_membership", label=_("Add and remove members"), needs=(("groups",), ("patch_groups", "put_groups")),
                consequence=_("On: joining and leaving is sent, and whoever leaves a policy's group loses the account by the table below. Off: nobody is added or removed there, and leaving a group takes no account away."),
            ),
        ),
    ),
    (
        _("Roles and permissions"),
        (
            Switch(
                name="roles", label=_("Roles"),
                consequence=_("On: the roles of all policies of a person are sent, and taken away with the policy; roles that others gave stay. Off: roles are left alone."),
            ),
            Switch(
                name="entitlements", label=_("Permissions (entitlements)"),
                consequence=_("On: the entitlements of all policies of a person are sent, and taken away with the policy; those that others gave stay. Off: entitlements are left alone."),
            ),
        ),
    ),
)  # fmt: skip
SWITCHES: Final = tuple(switch for _heading, switches in GROUPS for switch in switches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A fact that keeps a switch from doing anything: what is not possible, who said so, and by what."""

    fact: str
    origin: Promise | str
    evidence: str


def obstacles(switch: Switch, dialect: Dialect, facts: Mapping[str, Fact]) -> Iterator[Obstacle]:
    """The facts that make a switch idle; none when the application can do it."""
    for alternatives in switch.needs:
        if not any(getattr(dialect, name) for name in alternatives):
            name = alternatives[-1]
            fact = facts.get(name)
            yield Obstacle(
                fact=name,
                origin=ORIGINS.get(dialect.origin(name), ""),
                evidence=fact.evidence if fact else "",
            )
            return


def strongest(facts: list[Fact], dialect: Dialect) -> dict[str, Fact]:
    """Of each fact the one that counts: of the origin that has won, the last."""
    return {
        fact.name: fact
        for fact in facts
        if fact.value != UNKNOWN
        and fact.name in dialect.origins
        and fact.origin == dialect.origins[fact.name]
    }


def value_of(features: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a switch is on in the features of an application."""
    value: Any = features
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return bool(value)


def put(features: dict[str, Any], path: tuple[str, ...], value: bool) -> None:
    """Set a switch in the features of an application."""
    for step in path[:-1]:
        features = features.setdefault(step, {})
    features[path[-1]] = value
