"""Changes that take a protection away: a higher brake, and another base URL. Not everybody who configures may make them (R10, R17)."""

from collections.abc import Mapping
from typing import Any, Final

from provisor.applications.refusals import ConfigurationRefusal, Problem, RefusalKind
from provisor.applications.shapes import DEFAULT_BRAKE
from provisor.audit.actor import Actor, ActorKind

_ASK: Final = "Ask an owner to do it."


def refuse_loosening(
    before: Mapping[str, Any], after: Mapping[str, Any], actor: Actor, *, may_loosen: bool
) -> None:
    """Raise ConfigurationRefusal (reserved) if protections are less in `after` than in `before`. Both are settings documents.

    Provisor itself and commands on the server need no permission: whoever is there can change the database, too.
    """
    if may_loosen or actor.kind not in {ActorKind.ACCOUNT, ActorKind.TOKEN}:
        return
    problems = [*_raised(_brake(before), _brake(after)), *_moved(before, after)]
    if problems:
        raise ConfigurationRefusal(problems, RefusalKind.RESERVED)


def _brake(document: Mapping[str, Any]) -> dict[str, float]:
    own = {name: value for name, value in (document.get("brake") or {}).items() if value is not None}
    return DEFAULT_BRAKE | own


def _raised(before: Mapping[str, float], after: Mapping[str, float]) -> list[Problem]:
    return [
        Problem(
            place=f"/brake/{name}",
            reason=f"The brake would let more through than now: {after[name]:g} instead of {before[name]:g}.",
            hint=_ASK,
        )
        for name in DEFAULT_BRAKE
        if after[name] > before[name]
    ]


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Problem]:
    if before["base_url"] == after["base_url"]:
        return []
    reason = (
        "Only an owner moves an application to another base URL: from then on accounts are written there."
    )
    return [Problem(place="/base_url", reason=reason, hint=_ASK)]
