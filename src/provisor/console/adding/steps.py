"""The five steps down the side, and which of them can be opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from provisor.applications.models import Application

STEPS: Final[Mapping[str, Any]] = {
    "basics": _("Basics"),
    "connection": _("Authorization"),
    "mapping": _("Attribute mapping"),
    "features": _("Provisioning features"),
    "review": _("Review"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the stepper. `address` is empty while there is nothing behind it yet."""

    label: Any
    address: str
    current: bool
    done: bool


def steps_of(application: Application, current: str) -> list[Step]:
    """Every step of an application that is there; those before the current one are done, if they can be."""
    before = list(STEPS)[: list(STEPS).index(current)]
    unsigned = "connection" in before and not application.credentials.exists()
    done = {name for name in before if not (unsigned and name == "connection")}
    return [
        Step(label, reverse("set-up", args=[application.pk, name]), name == current, name in done)
        for name, label in STEPS.items()
    ]


def steps_before(current: str, basics: str) -> list[Step]:
    """The steps while there is no application: only the basics (at this address) can be gone back to."""
    addresses = {"basics": basics}
    return [
        Step(
            label,
            addresses.get(name, "") if name != current else basics or reverse("add-application"),
            name == current,
            name == "basics" != current,
        )
        for name, label in STEPS.items()
    ]


def next_step(current: str) -> str:
    """The name of the step after this one."""
    names = list(STEPS)
    return names[names.index(current) + 1]
