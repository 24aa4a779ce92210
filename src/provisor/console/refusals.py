"""Refusals of the rooms below, as a person reads them beside the field or at the top of the page."""

from collections.abc import Iterator

from django import forms
from django.utils.translation import gettext as _

from provisor.access.refusal import AccessRefusal
from provisor.applications.refusals import ConfigurationRefusal
from provisor.directory.refusal import DirectoryRefusal
from provisor.provisioning.operations import OperationRefused

#: What a service raises when it says no; nothing was written then.
REFUSALS = (DirectoryRefusal, ConfigurationRefusal, AccessRefusal, OperationRefused)


def sentence_of(refusal: Exception) -> str:
    """The whole refusal in one paragraph."""
    return " ".join(" ".join(filter(None, (reason, hint))) for _place, reason, hint in _problems(refusal))


def is_conflict(refusal: Exception) -> bool:
    """Whether somebody else changed the thing since it was read."""
    return str(getattr(refusal, "kind", "")) == "conflict"


def place_errors(form: forms.BaseForm, refusal: Exception, fields: dict[str, str] | None = None) -> None:
    """Put each reason beside its field. `fields` maps places of the refusal to names of fields, where they differ.

    A place is an attribute path (`emails[1].value`), a JSON Pointer (`/auth/token`) or an argument; its longest
    known beginning decides. What belongs to no field stands at the top.
    """
    for place, reason, hint in _problems(refusal):
        form.add_error(_field(form, place, fields or {}), " ".join(filter(None, (reason, hint))))


def _problems(refusal: Exception) -> Iterator[tuple[str, str, str]]:
    if isinstance(refusal, ConfigurationRefusal):
        for problem in refusal.problems:
            yield problem.place, problem.reason, problem.hint
    elif isinstance(refusal, (DirectoryRefusal, AccessRefusal)):
        yield refusal.field, refusal.reason, ""
    else:
        yield "", str(refusal) or _("It was not done."), ""


def _field(form: forms.BaseForm, place: str, fields: dict[str, str]) -> str | None:
    known = {**{name: name for name in form.fields}, **fields}
    plain = place.lstrip("/")
    fits = [
        start
        for start in known
        if plain == start or (start and plain.startswith((f"{start}/", f"{start}.", f"{start}[")))
    ]
    return known[max(fits, key=len)] if fits else None
