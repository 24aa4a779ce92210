"""What the next page says at its top: what was done, and the way back where there is one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from provisor.console.shell import undo


def done(request: HttpRequest, sentence: str, *, undo_by: tuple[str, dict[str, Any]] | None = None) -> None:
    """Say that something was done. `undo_by` is the name of an act of `shell.undo` and what it needs (JSON)."""
    tags = "" if undo_by is None else undo.seal(request, *undo_by)
    messages.success(request, sentence, extra_tags=tags)


def refused(request: HttpRequest, sentence: str) -> None:
    """Say that something was not done, and why."""
    messages.error(request, sentence)


def mind(request: HttpRequest, sentence: str) -> None:
    """Say something that the person should know before going on."""
    messages.warning(request, sentence)
