"""Everything a pass needs to know of one application, read once: dialect, mapping, switches, matching."""

from collections.abc import Callable
from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import Any

from provisor.applications.capabilities import dialect_of
from provisor.applications.exclusions import excluded_by
from provisor.applications.models import Application
from provisor.directory.models import CustomAttribute
from provisor.mapping.render import Mapping, compile_mapping
from provisor.mapping.rule import CustomAttributeSpec, read_rules
from provisor.planning.operation import Kind, Switches
from provisor.provisioning.keys import Key, to_key
from provisor.scim.capabilities import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One application as a pass sees it. A change of the configuration makes a new one."""

    key: Key
    name: str
    base_url: str
    version: int
    epoch: int
    dialect: Dialect
    mappings: Values[Kind, Mapping]
    switches: Values[Kind, Switches]
    #: Member deltas are sent, and leaving a policy's group deprovisions.
    membership: bool
    roles: bool
    entitlements: bool
    actions: Values[str, str]
    matching: Values[Kind, tuple[str, ...]]
    #: Tells of a directory user's resource whether it is protected: never written.
    protects: bool
    excluded: Callable[[Values[str, Any]], bool]
    brake: Values[str, Any]

    @property
    def grants(self) -> bool:
        """Whether what policies grant becomes attributes of the user."""
        return self.roles or self.entitlements


def load_context(application: Application) -> Context:
    """Read the context of an application; raises MappingRefused when a stored rule does not compile any more."""
    features = application.features
    return Context(
        key=to_key(application.id),
        name=application.name,
        base_url=application.base_url,
        version=application.version,
        epoch=application.epoch,
        dialect=dialect_of(application),
        mappings=_mappings(application),
        switches={"user": _switches(features, "users"), "group": _switches(features, "groups")},
        membership=bool(features.get("groups", {}).get("membership", True)),
        roles=bool(features.get("roles", False)),
        entitlements=bool(features.get("entitlements", False)),
        actions=application.deprovision,
        matching=_matching(application),
        protects=bool(application.exclusions),
        excluded=excluded_by(application.exclusions),
        brake=application.brake,
    )


def _switches(features: Values[str, Any], noun: str) -> Switches:
    chosen = features.get(noun, {})
    return Switches(
        create=bool(chosen.get("create", True)),
        update=bool(chosen.get("update", True)),
        delete=bool(chosen.get("delete", True)),
    )


def _mappings(application: Application) -> dict[Kind, Mapping]:
    custom = [
        CustomAttributeSpec(schema=a.schema, name=a.name, type=a.type, multi_valued=a.multi_valued)
        for a in CustomAttribute.objects.all()
    ]
    kinds: tuple[tuple[Kind, str], ...] = (("user", "users"), ("group", "groups"))
    return {
        kind: compile_mapping(
            read_rules(application.mappings.get(noun, []), kind, custom=custom),
            kind,
            application_name=application.name,
        )
        for kind, noun in kinds
    }


def _matching(application: Application) -> dict[Kind, tuple[str, ...]]:
    matching = application.matching
    return {
        "user": tuple(matching.get("users") or ("userName",)),
        "group": tuple(matching.get("groups") or ("displayName",)),
    }
