"""What the lists of the audit record and of the journal show."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from provisor.applications.models import Application, Policy
from provisor.audit.actor import ActorKind
from provisor.audit.models import AuditEntry
from provisor.console import words
from provisor.console.applications.named import groups_called, users_called
from provisor.console.records.days import DaysForm
from provisor.directory.models import JournalEntry
from provisor.directory.names import fold
from provisor.directory.queries import as_id
from provisor.provisioning.why.known_changes import known_changes

#: Users or groups of one beginning that are looked for together.
_NAMED: Final = 200

# Each step asks the index for the next value: as quick for a million entries as for ten.
_KNOWN_ACTS = """
WITH RECURSIVE known(act) AS (
    SELECT MIN(act) FROM audit_entry
    UNION ALL
    SELECT (SELECT MIN(act) FROM audit_entry WHERE act > known.act) FROM known WHERE known.act IS NOT NULL
) SELECT act FROM known WHERE act IS NOT NULL
"""

#: Events of the journal, by the noun that they begin with.
EVENTS: Final = {
    "user": ("created", "updated", "enabled", "disabled", "deleted", "manager_cleared"),
    "group": ("created", "updated", "members_added", "members_removed", "nested", "unnested", "deleted"),
    "policy": ("created", "updated", "deleted"),
    "application": ("created", "updated", "paused", "resumed", "deleted"),
    "attribute": ("declared", "described", "removed"),
}


def known_acts() -> list[str]:
    """Every act that the audit record has, in order of the alphabet."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_ACTS)
        return [act for (act,) in cursor.fetchall()]


class _RecordFilter(DaysForm):
    actor = forms.CharField(label=_("Who did it"), required=False, max_length=200)
    subject = forms.CharField(label=_("To whom or what"), required=False, max_length=200)

    def narrowed(self) -> bool:
        """Whether anything but the zone is asked for."""
        return any(value for name, value in self.data.items() if name in self.fields and name != "zone")

    def text_of(self, name: str) -> str:
        """A text of the filter, without what no database takes."""
        return str(self.cleaned_data.get(name) or "").replace("\0", "").strip()


class AuditFilter(_RecordFilter):
    """Acts, by what, who, to whom and when. What cannot be read is left out, and the form says why."""

    act = forms.ChoiceField(label=_("Act"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind of actor"),
        required=False,
        choices=[
            ("", _("Everybody")),
            (ActorKind.ACCOUNT, _("People in the console")),
            (ActorKind.TOKEN, _("API tokens")),
            (ActorKind.COMMAND, _("Command line")),
            (ActorKind.SYSTEM, _("Provisor itself")),
        ],
    )

    def __init__(self, given: Any, acts: Sequence[str]) -> None:
        super().__init__(given)
        _offer(self, "act", [("", _("Every act")), *((act, words.event(act)) for act in acts)])
        self.is_valid()


class JournalFilter(_RecordFilter):
    """Changes, by what, who, of whom and when."""

    event = forms.ChoiceField(label=_("Change"), required=False)

    def __init__(self, given: Any) -> None:
        super().__init__(given)
        groups = [
            (noun.capitalize(), [(f"{noun}.{verb}", words.event(f"{noun}.{verb}")) for verb in verbs])
            for noun, verbs in EVENTS.items()
        ]
        _offer(self, "event", [("", _("Every change")), *groups])
        self.is_valid()


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def filtered_acts(form: AuditFilter) -> QuerySet[AuditEntry]:
    """The acts that the form asks for."""
    chosen = form.cleaned_data
    found = AuditEntry.objects.filter(**form.bounds())
    if chosen.get("act"):
        found = found.filter(act=chosen["act"])
    if chosen.get("kind"):
        found = found.filter(actor_kind=chosen["kind"])
    if text := form.text_of("actor"):
        found = found.filter(actor_label__icontains=text)
    if text := form.text_of("subject"):
        key = as_id(text)
        found = found.filter(subject_id=str(key)) if key else found.filter(subject_label__icontains=text)
    return found


def filtered_changes(form: JournalFilter) -> QuerySet[JournalEntry]:
    """The changes that the form asks for."""
    chosen = form.cleaned_data
    found = known_changes(JournalEntry.objects.filter(**form.bounds()))
    if chosen.get("event"):
        found = found.filter(event=chosen["event"])
    if text := form.text_of("actor"):
        found = found.filter(actor__icontains=text)
    if text := form.text_of("subject"):
        found = found.filter(subject_id__in=_subjects(text))
    return found


def _subjects(text: str) -> list[UUID]:
    """The ids behind an id or a name. The journal keeps ids, so what is called so is looked up, the deleted too."""
    if (key := as_id(text)) is not None:
        return [key]
    name = fold(text)
    found: list[UUID] = [
        *users_called(text).values_list("id", flat=True)[:_NAMED],
        *groups_called(text).values_list("id", flat=True)[:_NAMED],
        *Application.objects.filter(name_key__contains=name).values_list("id", flat=True)[:_NAMED],
        *Policy.objects.filter(name__icontains=text).values_list("id", flat=True)[:_NAMED],
    ]
    return found
