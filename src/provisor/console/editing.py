"""Two people editing one thing: the second is told who came first, and keeps what they typed."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from provisor.console import notices, words
from provisor.console.forms import EditionMixin
from provisor.directory.models import JournalEntry


def tell_of_conflict(request: HttpRequest, form: EditionMixin, subject_id: UUID, version: int) -> None:
    """Say at the top of the page who changed it and when; the next Save of this form overwrites that knowingly."""
    latest = JournalEntry.objects.filter(subject_id=subject_id).order_by("-id").first()
    if latest is None:
        notices.mind(
            request, _("It was changed meanwhile. What you typed is kept: Save again to overwrite it.")
        )
    else:
        said = _(
            "%(who)s changed this at %(when)s UTC (%(what)s). What you typed is kept: look at it, "
            "then Save again to overwrite."
        )
        when = timezone.localtime(latest.at).strftime("%Y-%m-%d %H:%M:%S")
        notices.mind(request, said % {"who": latest.actor, "when": when, "what": _what(latest)})
    set_edition(form, version)


def _what(entry: JournalEntry) -> str:
    parts: list[Any] = entry.detail.get("changed") or entry.detail.get("attributes") or []
    said = words.event(entry.event)
    return f"{said}: {', '.join(map(str, parts))}" if parts else said


def set_edition(form: EditionMixin, version: int) -> None:
    """Give a form that was sent the edition of now."""
    form.data = {**dict(form.data.items()), form.add_prefix("edition"): str(version)}
