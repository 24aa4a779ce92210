"""What somebody else changed of a user since a form was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from provisor.console.users.forms import UserForm, initial_of
from provisor.directory.models import JournalEntry, User

#: Events that count the version up by one.
_EVENTS = ("user.updated", "user.enabled", "user.disabled", "user.manager_cleared")


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of another: by whom, when, which attributes."""

    actor: str
    at: datetime
    attributes: str
    #: What is there now, field by field, where it differs from what was typed: (label, value).
    now: list[tuple[str, str]]


def changes_since(
    user: User, edition: int, made: type[UserForm], typed: Mapping[str, object]
) -> list[Changed]:
    """Return the changes since that edition, oldest first; the last one holds what there is now."""
    entries = JournalEntry.objects.filter(subject_id=user.id, event__in=_EVENTS).order_by("-id")
    found = list(reversed(entries[: max(1, user.version - edition)]))
    return [
        Changed(
            entry.actor,
            entry.at,
            ", ".join(str(name).rpartition(":")[2] for name in entry.detail.get("attributes", [])),
            _now(user, made, typed) if entry is found[-1] else [],
        )
        for entry in found
    ]


def _now(user: User, made: type[UserForm], typed: Mapping[str, object]) -> list[tuple[str, str]]:
    shown = initial_of(user, made)
    fields = made.base_fields
    differing = []
    for name, value in shown.items():
        if name == "edition":
            continue
        if name == "active":
            if value != bool(typed.get(name)):
                differing.append((str(fields[name].label), _("yes") if value else _("no")))
        elif str(value) != str(typed.get(name, "")).strip():
            differing.append((str(fields[name].label), str(value) or _("empty")))
    return differing
