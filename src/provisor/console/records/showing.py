"""What an act or a change holds, as text: attribute by attribute, and long lists cut with their number."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from django.utils.translation import gettext as _

#: Values of a list that are shown.
_SHOWN: Final = 20
#: Characters of one value that are shown.
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute before and after; "" where that side has none."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def is_shown(content: object) -> TypeGuard[dict[str, Any]]:
    """Whether there is anything before or after."""
    return isinstance(content, dict) and bool(content)


def differences(content: Mapping[str, Any]) -> list[Difference]:
    """Both sides of an audit entry, attribute by attribute."""
    before, after = _side(content.get("before")), _side(content.get("after"))
    names = dict.fromkeys([*before, *after])
    return [
        Difference(
            name, text_of(before[name]) if name in before else "", text_of(after[name]) if name in after else ""
        )
        for name in names
    ]  # fmt: skip


def _side(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else {_("value"): value}


def text_of(value: Any) -> str:
    """A value as people read it; never more than fits."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list) and len(value) > _SHOWN:
        more = _("and %(count)s more") % {"count": f"{len(value) - _SHOWN:,}"}
        return _cut(", ".join(_short(one) for one in value[:_SHOWN])) + " " + more
    if isinstance(value, list):
        between = "; " if any(isinstance(one, dict) for one in value) else ", "
        return _cut(between.join(_short(one) for one in value))
    return _cut(_short(value))


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(inner)}" for name, inner in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
