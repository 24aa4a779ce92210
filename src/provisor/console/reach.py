"""What an act would reach, said before it is done, and what it reached, said after it.

A rehearsal takes the database's write lock, so that no page rehearses while it renders: a question is shown at once, and
its part asks for the reach (`?reach=now`). Without scripts the same address is the whole page with the reach in it.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from provisor.console.refusals import REFUSALS, sentence_of
from provisor.provisioning.rehearsal.rehearsal import Rehearsal, rehearse, sentence


@dataclass(frozen=True, slots=True)
class Reach:
    """`does` is what happens in the directory, `sentence` what follows in the applications; or why it is refused."""

    does: str
    sentence: str = ""
    refusal: str = ""
    rehearsal: Rehearsal | None = None
    #: Sent with the act: which effect the person has seen. "" when nothing can be done.
    seen: str = ""


def is_asked(request: HttpRequest) -> bool:
    """Whether the reach itself is asked for, by a page that is shown already or by somebody without scripts."""
    return request.GET.get("reach") == "now"


def is_part(request: HttpRequest) -> bool:
    """Whether the part of the page is wanted that shows the reach, and nothing around it."""
    return is_asked(request) and "HX-Request" in request.headers


def reach_of(
    does: str,
    change: Callable[[], object],
    subjects: Iterable[object] = (),
    crowd: Callable[[], Rehearsal | None] = lambda: None,
) -> Reach:
    """Rehearse a change. `subjects` are what it acts on: a later act with others was not seen.

    `crowd` counts what a change may reach that would take long by itself, and is None where it does not.
    """
    try:
        rehearsal = crowd() or rehearse(change)
    except REFUSALS as refusal:
        return Reach(does, refusal=sentence_of(refusal))
    return Reach(does, sentence(rehearsal), rehearsal=rehearsal, seen=mark_of(subjects))


def mark_of(subjects: Iterable[object]) -> str:
    """Return a mark of these subjects, in whatever order."""
    return hashlib.sha256("\n".join(sorted(map(str, subjects))).encode()).hexdigest()[:16]


def told(done: str, reach: Reach) -> SafeString:
    """Return the notice of an act that was done: what, what follows from it, and links to where it follows."""
    reaches = reach.rehearsal.reaches if reach.rehearsal else ()
    places = [one for one in reaches if not one.does_nothing]
    links = format_html_join(
        ", ",
        '<a href="{}">{}</a>',
        ((reverse("application", args=[one.application_id]), one.name) for one in places),
    )
    more = format_html(" {}: {}", _("See"), links) if places else ""
    return format_html("{} {}{}", done, reach.sentence, more)
