"""The tab Holds: what the brake stopped, to be released or kept, some or all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.console import notices
from provisor.console.applications import phrases
from provisor.console.applications.frame import frame
from provisor.console.applications.holds_reading import MOST, acts_of, batches_of, held, released_of, rows_of
from provisor.console.guard import actor_of, confirmed, may, requires
from provisor.console.keyset import page_of
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.directory.queries import as_id
from provisor.provisioning.brake.decisions import (
    Decided,
    reject_all,
    reject_hold,
    release_all,
    release_hold,
    shown_effect,
)
from provisor.provisioning.brake.two_persons import releasers, rulings
from provisor.provisioning.models import Hold

DECISIONS = ("release", "keep")


@require_safe
@requires(Permission.READ)
def holds(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Causes, people, and the two decisions."""
    context = frame(request, application_id, "holds")
    may_release = may(request, Permission.RELEASE_HOLDS)
    page = page_of(held(application_id), request, "id")
    ruled = rulings(page.rows, actor_of(request)).values()
    refusals = list(dict.fromkeys(each.refusal for each in ruled if each.refusal))
    context |= {
        "page": page,
        "rows": rows_of(page.rows),
        "batches": batches_of(application_id),
        "released": released_of(application_id),
        "own": refusals if may_release else [],
        "releasers": [] if may_release else releasers(),
    }
    return render(request, "console/applications/holds.html", context)


@require_safe
@requires(Permission.READ)
def holds_reach(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """What the decision over the chosen rows means, before *Apply*."""
    application = frame(request, application_id, "")["application"]
    chosen = list(held(application_id).filter(id__in=_ids(request.GET.getlist("holds"))))
    counted = Counter(one.act for one in chosen)
    sentence = decision_sentence(request.GET.get("action", ""), counted, application)
    return render(request, "console/applications/reach.html", {"sentence": sentence})


@require_POST
@requires(Permission.RELEASE_HOLDS)
@confirmed
def decide_holds(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Release or keep the chosen rows; each release counts only for what was shown in its row."""
    application = frame(request, application_id, "")["application"]
    chosen = list(held(application_id).filter(id__in=_ids(request.POST.getlist("holds"))))
    act = request.POST.get("action", "")
    if act not in DECISIONS:
        notices.refused(request, _("Nothing was decided: choose an action first."))
    elif not chosen:
        notices.refused(request, _("Nothing was decided: select at least one row that is still held."))
    else:
        shown = {str(one.id): request.POST.get(f"effect-{one.id}", "") for one in chosen}
        _decide(request, application, act, chosen, shown)
    return redirect(reverse("application-holds", args=[application_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RELEASE_HOLDS)
@confirmed
def decide_all(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Release or keep everything that one cause stopped, after the numbers were shown once more."""
    context = frame(request, application_id, "holds")
    given = request.POST if request.method == "POST" else request.GET
    act = given.get("action", "") if given.get("action", "") in DECISIONS else "keep"
    reason = given.get("reason", "").replace("\x00", "")
    problem = ""
    if request.method == "POST":
        problem = _decide_all(request, context["application"], act, reason, given.get("effects", ""))
        if not problem:
            return redirect(reverse("application-holds", args=[application_id]))
    count, effects = shown_effect(application_id, reason)
    context |= {
        "act": act,
        "reason": reason,
        "count": count,
        "effects": effects,
        "sentence": decision_sentence(act, acts_of(application_id, reason), context["application"]),
        "problem": problem,
    }
    return render(request, "console/applications/decide_all.html", context, status=409 if problem else 200)


def _decide_all(request: HttpRequest, application: Application, act: str, reason: str, effects: str) -> str:
    """Decide, and say what was done; returns why nothing was."""
    decide = release_all if act == "release" else reject_all
    try:
        decided = decide(application.id, actor=actor_of(request), effects=effects, reason=reason)
    except REFUSALS as refusal:
        return sentence_of(refusal)
    _say(request, application, act, decided)
    return ""


def decision_sentence(act: str, chosen: Mapping[str, int], application: Application) -> str:
    """What releasing or keeping these means, in numbers, given by act; empty where nothing is chosen."""
    number = sum(chosen.values())
    if act not in DECISIONS or not number:
        return ""
    if act == "keep":
        return ngettext(
            "Keeps %(count)d as it is in %(name)s. It is not asked again for the same cause.",
            "Keeps %(count)d as they are in %(name)s. They are not asked again for the same cause.",
            number,
        ) % {"count": number, "name": application.name}
    largest = sorted(chosen.items(), key=lambda each: -each[1])
    parts = ", ".join(f"{phrases.held(one)}: {count:,}" for one, count in largest)
    return _("Lets it happen in %(name)s. %(parts)s.") % {"name": application.name, "parts": parts}


def _decide(
    request: HttpRequest, application: Application, act: str, chosen: Sequence[Hold], shown: dict[str, str]
) -> None:
    done = 0
    refused: list[str] = []
    for one in chosen:
        try:
            if act == "release":
                release_hold(one.id, actor=actor_of(request), effect=shown[str(one.id)])
            else:
                reject_hold(one.id, actor=actor_of(request))
        except REFUSALS as refusal:
            refused.append(sentence_of(refusal))
        else:
            done += 1
    reasons = tuple(dict.fromkeys(refused))
    _say(request, application, act, Decided(done=done, left=len(refused), reasons=reasons))


def _say(request: HttpRequest, application: Application, act: str, decided: Decided) -> None:
    if decided.done:
        notices.done(request, _decided(act, decided.done, application))
    if decided.left:
        sentence = ngettext("%(count)d was left: %(why)s", "%(count)d were left: %(why)s", decided.left)
        notices.refused(request, sentence % {"count": decided.left, "why": " ".join(decided.reasons)})


def _decided(act: str, count: int, application: Application) -> str:
    sentence = (
        ngettext(
            "%(count)d held operation is released: it is sent to %(name)s now, and held again if that takes 24 hours.",
            "%(count)d held operations are released: they are sent to %(name)s now, and held again if that takes 24 hours.",
            count,
        )
        if act == "release"
        else ngettext(
            "%(count)d is kept as it is in %(name)s.", "%(count)d are kept as they are in %(name)s.", count
        )
    )
    said = sentence % {"count": count, "name": application.name}
    if act == "release" and application.paused:
        said += " " + _("It is paused: nothing is sent before it is resumed.")
    return said


def _ids(texts: Sequence[str]) -> list[UUID]:
    return [one for one in (as_id(text) for text in texts[:MOST]) if one is not None]
