"""One profile: what its TOML file may say, and what that means for a new application."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from provisor.applications import shapes
from provisor.mapping.defaults import default_rules
from provisor.scim.capabilities import UNKNOWN, Fact, Origin, fact_problem

_TEXTS: Final = ("id", "name", "vendor", "summary", "documentation", "base_url_hint")
_LISTS: Final = ("aliases", "auth_methods", "notes")
_TABLES: Final = ("facts", "mappings", "matching", "features", "deprovision")
_FACT_KEYS: Final = frozenset({"value", "source", "why", "note", "ignore_announcement"})


class ProfileError(Exception):
    """A profile's file is wrong: a mistake of whoever wrote the file, never of the administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of one vendor. `facts` have the origin "profile" and their source as evidence.

    `features`, `deprovision`, `matching` and `mappings` are complete: the generic settings with the
    profile's own laid over them.
    """

    id: str
    #: As it is shown in the catalogue.
    name: str
    vendor: str
    aliases: tuple[str, ...]
    summary: str
    #: Address of the vendor's own document.
    vendor_documentation: str
    #: What the base URL looks like, with {placeholders}; "" where that is not known.
    base_url_hint: str
    #: Names of `scim.authentication`, the usual one first.
    auth_methods: tuple[str, ...]
    facts: tuple[Fact, ...]
    #: Facts about which the application's own documents are known to be wrong: what they announce is ignored.
    ignored_announcements: frozenset[str]
    features: Mapping[str, Any]
    deprovision: Mapping[str, str]
    matching: Mapping[str, list[str]]
    mappings: Mapping[str, list[dict[str, Any]]]
    #: Sentences that an administrator should read before going on.
    notes: tuple[str, ...]

    def defaults(self) -> dict[str, Any]:
        """The settings of a new application of this profile, to be changed at will."""
        return {
            "features": deepcopy(dict(self.features)),
            "deprovision": dict(self.deprovision),
            "matching": deepcopy(dict(self.matching)),
            "mappings": deepcopy(dict(self.mappings)),
            "limits": dict(shapes.DEFAULT_LIMITS),
            "brake": dict(shapes.DEFAULT_BRAKE),
            "drift": dict(shapes.DEFAULT_DRIFT),
            "mode": "enforce",
            "delete_after_days": None,
            "exclusions": [],
            "launch_url": "",
        }


def read_profile(document: Mapping[str, Any]) -> Profile:
    """Make a profile of the content of its file. ProfileError names what is wrong."""
    unknown = set(document) - {*_TEXTS, *_LISTS, *_TABLES}
    missing = {*_TEXTS, *_LISTS} - set(document)
    if unknown or missing:
        raise ProfileError(f"Unknown keys: {sorted(unknown)}; missing keys: {sorted(missing)}.")
    facts: Mapping[str, Mapping[str, Any]] = document.get("facts", {})
    return Profile(
        id=document["id"],
        name=document["name"],
        vendor=document["vendor"],
        aliases=tuple(document["aliases"]),
        summary=document["summary"],
        base_url_hint=document["base_url_hint"],
        auth_methods=tuple(document["auth_methods"]),
        notes=tuple(document["notes"]),
        vendor_documentation=document["documentation"],
        facts=tuple(_fact(name, table) for name, table in facts.items()),
        ignored_announcements=frozenset(
            name for name, table in facts.items() if table.get("ignore_announcement")
        ),
        features=shapes.merged(shapes.DEFAULT_FEATURES, document.get("features", {})),
        deprovision=shapes.merged(shapes.DEFAULT_DEPROVISION, document.get("deprovision", {})),
        matching=shapes.merged(shapes.DEFAULT_MATCHING, document.get("matching", {})),
        mappings={
            "users": _rules(default_rules("user"), document.get("mappings", {}).get("users", {})),
            "groups": _rules(default_rules("group"), document.get("mappings", {}).get("groups", {})),
        },
    )


def _fact(name: str, table: Mapping[str, Any]) -> Fact:
    """A fact needs a source; one that is not known needs a reason why; `note` says how a value was read."""
    problem = fact_problem(name, table.get("value"))
    if problem or not table.get("source") or set(table) - _FACT_KEYS:
        raise ProfileError(f'The fact "{name}" has unknown keys or no source. {problem}'.rstrip())
    if (table["value"] == UNKNOWN) != ("why" in table):
        raise ProfileError(f'The fact "{name}" needs a "why" if and only if its value is unknown.')
    remark = table.get("why") or table.get("note")
    evidence = f"{table['source']} ({remark})" if remark else table["source"]
    return Fact(name=name, value=table["value"], origin=Origin.PROFILE, evidence=evidence)


def _rules(rules: list[dict[str, Any]], changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The generic rules, without some, with one value where the vendor takes only one, and with the profile's own."""
    own = {rule["target"]: rule for rule in changes.get("rules", ())}
    left_out = {*changes.get("without", ()), *own}
    kept = [rule for rule in rules if rule["target"] not in left_out]
    return [*_first_of(kept, frozenset(changes.get("only_one", ()))), *own.values()]


def _first_of(rules: list[dict[str, Any]], attributes: frozenset[str]) -> list[dict[str, Any]]:
    seen: set[str] = set()
    kept = []
    for rule in rules:
        element = rule["target"].rpartition("]")[0] or rule["target"]
        attribute = element.partition("[")[0]
        if attribute in attributes and attribute in seen and element not in seen:
            continue
        seen |= {attribute, element}
        kept.append(rule)
    return kept
