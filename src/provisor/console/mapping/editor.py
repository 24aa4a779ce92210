"""The mapping editor, as a tab of an application and as a step of adding one.

For whoever shows it elsewhere (the wizard):

- `editor(request, application)` gives the context of the include `console/mapping/editor.html`. The include is a
  whole `<form method="post">` that posts to the page it stands on, with Users and Groups in it and the preview
  beside it. `{% include "console/mapping/editor.html" with save_label=... %}` names its button; `cancel_url` adds
  a link beside it.
- `save_mapping(request, application)` takes the POST of that form. It returns True once it is saved, else the
  context to show the include with again (status 422): with what was typed and the errors in their rows, with what
  another editor did meanwhile, or with the number that asks for a second press of the button.

`features(...)` and `save_features(...)` in `mapping/features.py` are the same for `console/mapping/features.html`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest

from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal
from provisor.applications.schemas import KnownSchema, known_schema
from provisor.console.guard import actor_of
from provisor.console.mapping.advising import advise
from provisor.console.mapping.completion import offers
from provisor.console.mapping.draft import Draft, stored, typed
from provisor.console.mapping.known import in_words
from provisor.console.mapping.preview import preview
from provisor.console.mapping.reach import WouldChange, would_change
from provisor.console.mapping.rows import Row
from provisor.console.refusals import is_conflict
from provisor.directory.models import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What somebody else has saved since the page was read."""

    actor: str
    at: datetime
    changed: tuple[str, ...]


def editor(request: HttpRequest, application: Application) -> dict[str, Any]:
    """The context of the include for what is stored now."""
    return context_of(application, stored(request, application))


def save_mapping(request: HttpRequest, application: Application) -> Literal[True] | dict[str, Any]:
    """Save what was typed, or say why not; nothing typed is lost. See the module for the return value."""
    draft, actor = typed(request.POST), actor_of(request)
    if not draft.is_good:
        draft.show_what_is_wrong()
        return context_of(application, draft)
    try:
        foreseen = would_change(application, draft.changes, actor, version=draft.edition)
        if foreseen.asks and draft.confirmed != foreseen.seal:
            return context_of(application, draft, foreseen=foreseen)
        update_application(application.id, draft.changes, actor=actor, version=draft.edition)
    except ConfigurationRefusal as refusal:
        return _refused(application, draft, refusal)
    return True


def _refused(application: Application, draft: Draft, refusal: ConfigurationRefusal) -> dict[str, Any]:
    if is_conflict(refusal):
        application.refresh_from_db()
        draft.edition = application.version
        return context_of(application, draft, meanwhile=meanwhile(application))
    problems = [
        _placed(draft, problem.place, f"{problem.reason} {problem.hint}".strip())
        for problem in refusal.problems
    ]
    draft.show_what_is_wrong()
    return context_of(application, draft, problems=[problem for problem in problems if problem])


def _placed(draft: Draft, place: str, sentence: str) -> str:
    """Put what the service says of a matching attribute at its field; return what has no field."""
    for plural, part in draft.parts.items():
        start, _slash, step = place.partition(f"/matching/{plural}/")
        if not start and step.isdecimal():
            filled = [index for index, text in enumerate(part.matching) if text.strip()]
            part.matching_errors[filled[int(step)]] = sentence
            return ""
        if place == f"/matching/{plural}":
            part.matching_problem = sentence
            return ""
    return sentence


def meanwhile(application: Application) -> Meanwhile | None:
    """The last change of the application that the journal tells of."""
    entry = JournalEntry.objects.filter(subject_id=application.id).order_by("-id").first()
    if entry is None:
        return None
    return Meanwhile(actor=entry.actor, at=entry.at, changed=tuple(map(str, entry.detail.get("changed", ()))))


def context_of(
    application: Application,
    draft: Draft,
    *,
    foreseen: WouldChange | None = None,
    meanwhile: Meanwhile | None = None,
    problems: list[str] | None = None,
) -> dict[str, Any]:
    """The context of the include for a draft, with what the application lists of its attributes."""
    known: KnownSchema | None = known_schema(application)
    advise(application, draft, known)
    return {
        "application": application,
        "draft": draft,
        "known": in_words(known),
        "parts": [
            {
                "part": part,
                "offers": offers(application, plural, draft.declared, known),
                "preview": preview(application, part),
                "shown": plural == draft.shown,
                "empty": Row(plural=plural, key="n0"),
            }
            for plural, part in draft.parts.items()
        ],
        "foreseen": foreseen,
        "meanwhile": meanwhile,
        "problems": problems or [],
    }
