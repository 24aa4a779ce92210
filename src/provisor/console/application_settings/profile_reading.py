"""What another profile would mean for an application, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.applications.profile_change import ChangedRule, ChangedSetting, ProfileChange
from provisor.console.application_settings.reading import in_words
from provisor.console.mapping.features import CAUSES
from provisor.console.mapping.switches import ORIGINS, SWITCHES
from provisor.scim.capabilities import FACTS

_PARTS: Final[Mapping[str, Promise]] = {
    "features": gettext_lazy("Take over the switches"),
    "deprovision": gettext_lazy("Take over what happens when somebody leaves"),
    "matching": gettext_lazy("Take over how existing accounts are found"),
    "users": gettext_lazy("Take over the mapping of users"),
    "groups": gettext_lazy("Take over the mapping of groups"),
}
_ACTS: Final[Mapping[str, Promise]] = {
    "add": gettext_lazy("added"),
    "replace": gettext_lazy("replaced"),
    "remove": gettext_lazy("removed"),
    "keep": gettext_lazy("kept: it was changed by hand"),
}
_ACTIONS: Final[Mapping[str, Promise]] = {
    "deactivate": gettext_lazy("deactivate"),
    "delete": gettext_lazy("delete"),
    "keep": gettext_lazy("keep"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One difference: what it is of, now, then, and a word on it."""

    name: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Differences of the settings that are taken over together, or not at all. Lines that stay come last."""

    name: str
    label: Promise
    lines: tuple[Line, ...]
    #: Taking it over would change something.
    can_be_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """All differences."""

    facts: tuple[Line, ...]
    parts: tuple[Part, ...]


def in_lines(change: ProfileChange) -> Foreseen:
    """The differences as tables."""
    facts = (
        Line(
            name=FACTS[each.name].description,
            before=f"{in_words(each.before)} ({ORIGINS[each.origin_before]})",
            after=f"{in_words(each.after)} ({ORIGINS[each.origin_after]})",
            note=each.name,
        )
        for each in change.facts
    )
    return Foreseen(facts=tuple(facts), parts=tuple(_parts(change)))


def _parts(change: ProfileChange) -> Iterator[Part]:
    for name, label in _PARTS.items():
        lines = [*map(_setting, change.settings.get(name, ()))]
        lines += [_rule(each) for each in _ordered(change.rules.get(name, ()))]
        if lines:
            yield Part(name=name, label=label, lines=tuple(lines), can_be_taken=name in change.parts)


def _ordered(rules: tuple[ChangedRule, ...]) -> list[ChangedRule]:
    return sorted(rules, key=lambda each: list(_ACTS).index(each.act))


def _setting(each: ChangedSetting) -> Line:
    names = {".".join(switch.path): str(switch.label) for switch in SWITCHES}
    names |= {cause.value: str(meaning) for cause, meaning in CAUSES}
    names |= {"users": _("Users"), "groups": _("Groups")}
    return Line(name=names.get(each.path, each.path), before=_value(each.before), after=_value(each.after))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return str(_ACTIONS[value]) if isinstance(value, str) and value in _ACTIONS else in_words(value)


def _rule(each: ChangedRule) -> Line:
    return Line(
        name=each.target, before=_source(each.before), after=_source(each.after), note=str(_ACTS[each.act])
    )


def _source(rule: Mapping[str, Any] | None) -> str:
    if rule is None:
        return ""
    if rule.get("kind") == "constant":
        return str(rule.get("value"))
    return str(rule.get("source", ""))
