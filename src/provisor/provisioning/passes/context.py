"""Everything a pass needs to know of one application, read once: dialect, mapping, switches, matching."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection

from provisor.applications.capabilities import dialect_of
from provisor.applications.exclusions import excluded_by
from provisor.applications.models import Application
from provisor.applications.shapes import DEFAULT_DRIFT
from provisor.directory.models import CustomAttribute
from provisor.mapping.render import Mapping, compile_mapping
from provisor.mapping.rule import CustomAttributeSpec, read_rules
from provisor.planning.operation import Kind, Switches
from provisor.provisioning.keys import Key, to_key
from provisor.scim.capabilities import Dialect

FILTERED = "SELECT EXISTS (SELECT 1 FROM applications_policy WHERE application_id = %s AND scope <> '')"
_DECLARED = ("schema", "name", "type", "multi_valued")


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
    #: What follows from a scan: `shapes.DRIFT`, complete.
    drift: Values[str, Any]
    #: Only observed: it is read, and nothing is written there.
    observes: bool

    #: Some policy of it has a filter.
    filtered: bool

    @property
    def settled(self) -> tuple[str, ...]:
        """States of links that hold what was confirmed. Where nothing is sent, what is due rests, too."""
        return ("in_sync", "waiting", "due") if self.observes else ("in_sync", "waiting")

    @property
    def grants(self) -> bool:
        """Whether what policies grant becomes attributes of the user."""
        return self.roles or self.entitlements


def load_context(application: Application, custom: Sequence[CustomAttributeSpec] | None = None) -> Context:
    """Read the context of an application; raises MappingRefused when a stored rule does not compile any more.

    `custom` are the declared attributes, where the caller has read them already.
    """
    features = application.features
    return Context(
        key=to_key(application.id),
        name=application.name,
        base_url=application.base_url,
        version=application.version,
        epoch=application.epoch,
        dialect=dialect_of(application),
        mappings=_mappings(application, declared_attributes() if custom is None else custom),
        switches={"user": switches_of(application, "users"), "group": switches_of(application, "groups")},
        membership=bool(features.get("groups", {}).get("membership", True)),
        roles=bool(features.get("roles", False)),
        entitlements=bool(features.get("entitlements", False)),
        actions=application.deprovision,
        matching=_matching(application),
        protects=bool(application.exclusions),
        excluded=excluded_by(application.exclusions),
        brake=application.brake,
        filtered=_has_filters(to_key(application.id)),
        drift={**DEFAULT_DRIFT, **application.drift},
        observes=application.mode != Application.Mode.ENFORCE,
    )


def _has_filters(key: Key) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(FILTERED, [key])
        return bool(cursor.fetchone()[0])


def switches_of(application: Application, noun: str) -> Switches:
    """Return what the administrator allows for `users` or `groups`."""
    chosen = application.features.get(noun, {})
    return Switches(
        create=bool(chosen.get("create", True)),
        update=bool(chosen.get("update", True)),
        delete=bool(chosen.get("delete", True)),
    )


def declared_attributes() -> list[CustomAttributeSpec]:
    """Return the custom attributes of the directory as the mapping knows them."""
    return [
        CustomAttributeSpec(schema=schema, name=name, type=kind, multi_valued=multi_valued)
        for schema, name, kind, multi_valued in CustomAttribute.objects.values_list(*_DECLARED)
    ]


def _mappings(application: Application, custom: Sequence[CustomAttributeSpec]) -> dict[Kind, Mapping]:
    kinds: tuple[tuple[Kind, str], ...] = (("user", "users"), ("group", "groups"))
    return {
        kind: _mapping(
            orjson.dumps(application.mappings.get(noun, [])).decode(), kind, tuple(custom), application.name
        )
        for kind, noun in kinds
    }


@lru_cache(maxsize=256)
def _mapping(rules: str, kind: Kind, custom: tuple[CustomAttributeSpec, ...], name: str) -> Mapping:
    """Compile a mapping once for as long as nothing of it changes: every pass and every plan begins with it."""
    return compile_mapping(read_rules(orjson.loads(rules), kind, custom=custom), kind, application_name=name)


def _matching(application: Application) -> dict[Kind, tuple[str, ...]]:
    matching = application.matching
    return {
        "user": tuple(matching.get("users") or ("userName",)),
        "group": tuple(matching.get("groups") or ("displayName",)),
    }
