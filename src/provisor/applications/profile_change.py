"""Another profile for an application that is there: what would differ, and which of it is to be taken over.

Its facts count at once: they are what a profile is. Its settings (switches, what happens to leavers, matching,
mappings) are suggestions for a new application; of one that is in use each part is replaced only when asked.
"""

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from provisor.applications.capabilities import facts_of
from provisor.applications.configuration import read_profile_id
from provisor.applications.models import Application
from provisor.applications.profiles import GENERIC, Profile, load_profile
from provisor.applications.refusals import Problems, pointer
from provisor.mapping.paths import read_path
from provisor.mapping.shape import read_shape
from provisor.scim.capabilities import FACTS, resolve
from provisor.scim.dialect import Dialect
from provisor.scim.path import PathError

#: Parts of the settings that can be taken over from a profile.
PARTS: Final = ("features", "deprovision", "matching", "users", "groups")
#: Those of them that are mappings.
_MAPPINGS: Final = ("users", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFact:
    """A fact that would count differently. Values are as the dialect holds them."""

    name: str
    before: Any
    after: Any
    origin_before: str
    origin_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSetting:
    """A setting of which the new profile has another default: `path` such as `users.create` or `deleted`."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRule:
    """A row of a mapping. `act` is add, replace or remove, which taking over would do; or keep.

    Kept are rows that differ from the new profile's because somebody has changed them by hand.
    """

    act: str
    target: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What another profile would mean. `settings` and `rules` by part, and only where something differs."""

    profile: Profile
    facts: tuple[ChangedFact, ...]
    settings: Mapping[str, tuple[ChangedSetting, ...]]
    rules: Mapping[str, tuple[ChangedRule, ...]]

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that can be taken over: those in which doing so would change something."""
        rules = {name for name, rows in self.rules.items() if any(row.act != "keep" for row in rows)}
        return tuple(part for part in PARTS if part in self.settings or part in rules)


def foresee_profile(application: Application, profile_id: object) -> ProfileChange:
    """What the application would be with this profile. Raises ConfigurationRefusal when there is none such."""
    problems = Problems()
    profile = read_profile_id(profile_id, problems)
    problems.refuse_if_any()
    other = copy(application)
    other.profile = profile.id
    now = {"features": application.features, "deprovision": application.deprovision}
    then = {"features": profile.features, "deprovision": profile.deprovision}
    settings = {name: _changed_settings(now[name], then[name]) for name in now}
    settings["matching"] = _changed_settings(application.matching, profile.matching)
    old = _present_profile(application)
    rules = {
        name: tuple(
            _changed_rules(application.mappings.get(name, []), old.mappings[name], profile.mappings[name])
        )
        for name in _MAPPINGS
    }
    return ProfileChange(
        profile=profile,
        facts=_changed_facts(resolve(facts_of(application)), resolve(facts_of(other))),
        settings={name: found for name, found in settings.items() if found},
        rules={name: found for name, found in rules.items() if found},
    )


def profile_changes(
    application: Application, profile_id: object, take: Collection[str] = ()
) -> dict[str, Any]:
    """The changes for `update_application`: the profile, and the parts of `take` as it has them.

    Raises ConfigurationRefusal when there is no such profile, or no such part.
    """
    problems = Problems()
    for index, part in enumerate(take):
        if part not in PARTS:
            problems.add(
                pointer("/take", index), f'"{part}" cannot be taken over.', f"Use one of: {', '.join(PARTS)}."
            )
    problems.refuse_if_any()
    change = foresee_profile(application, profile_id)
    whole = change.profile.defaults()
    changes: dict[str, Any] = {"profile": change.profile.id}
    changes |= {name: whole[name] for name in ("features", "deprovision", "matching") if name in take}
    mappings = {
        name: _taken_over(application.mappings.get(name, []), change.rules.get(name, ()))
        for name in _MAPPINGS
        if name in take
    }
    return changes | ({"mappings": mappings} if mappings else {})


def _present_profile(application: Application) -> Profile:
    try:
        return load_profile(application.profile)
    except KeyError:
        return load_profile(GENERIC)


def _changed_facts(now: Dialect, then: Dialect) -> tuple[ChangedFact, ...]:
    return tuple(
        ChangedFact(
            name=name,
            before=getattr(now, name),
            after=getattr(then, name),
            origin_before=now.origin(name),
            origin_after=then.origin(name),
        )
        for name in FACTS
        if getattr(now, name) != getattr(then, name)
    )


def _changed_settings(
    now: Mapping[str, Any], then: Mapping[str, Any], place: str = ""
) -> tuple[ChangedSetting, ...]:
    found: list[ChangedSetting] = []
    for name, after in then.items():
        before, path = now.get(name), f"{place}{name}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += _changed_settings(before, after, f"{path}.")
        elif before != after:
            found.append(ChangedSetting(path=path, before=before, after=after))
    return tuple(found)


def _changed_rules(
    rows: list[dict[str, Any]], old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> list[ChangedRule]:
    """A merge of three: what stands as the old profile has it follows the new one, what was edited stays."""
    here, was, will = _by_target(rows), _by_target(old), _by_target(new)
    found: list[ChangedRule] = []
    for key, after in will.items():
        before = here.get(key)
        if before is None:
            found.append(ChangedRule(act="add", target=after["target"], before=None, after=after))
        elif not _same(before, after):
            untouched = key in was and _same(before, was[key])
            act = "replace" if untouched else "keep"
            found.append(ChangedRule(act=act, target=after["target"], before=before, after=after))
    found += [
        ChangedRule(act="remove", target=row["target"], before=row, after=None)
        for key, row in here.items()
        if key not in will and key in was and _same(row, was[key])
    ]
    return found


def _taken_over(rows: list[dict[str, Any]], changes: Collection[ChangedRule]) -> list[dict[str, Any]]:
    by_target = {_key(each.target): each for each in changes}
    kept: list[dict[str, Any]] = []
    for row in rows:
        change = by_target.get(_key(str(row.get("target", ""))))
        if change is None or change.act == "keep":
            kept.append(row)
        elif change.after is not None:
            kept.append(dict(change.after))
    return [*kept, *(dict(each.after) for each in changes if each.act == "add" and each.after is not None)]


def _by_target(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {_key(str(row.get("target", ""))): row for row in rows}


def _key(target: str) -> str:
    try:
        return str(read_path(target, "user")).casefold()
    except PathError:
        return target.casefold()


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows are the same rule, however they spell what they leave out."""
    return read_shape(dict(one), "") == read_shape(dict(other), "")
