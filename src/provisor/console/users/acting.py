"""Doing an act on chosen users: its reach, the question before what is final, and the way back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, demand, requires
from provisor.console.long_work.results import result
from provisor.console.long_work.running import Progress, start
from provisor.console.reach import is_asked, is_part
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.console.shell import undo
from provisor.console.users.acts import BY_NAME, perform
from provisor.console.users.review import Review, review, with_reach
from provisor.directory.queries import as_id, get_group

_UNDO = "users"


@require_POST
@requires(Permission.MANAGE_DIRECTORY)
def reach(request: HttpRequest) -> HttpResponse:
    """The button of the chosen act at once, and with `?reach=now` what it would do; nothing when no act is chosen."""
    asked = review(request.POST)
    if asked is not None and is_asked(request):
        asked = with_reach(request, asked)
    return render(request, "console/users/reach.html", {"review": asked})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def act(request: HttpRequest) -> HttpResponse:
    """Ask first (GET, or what nobody has seen or confirmed), then do it. What it reaches follows by `?reach=now`."""
    if request.method != "POST":
        return _ask(request, review(request.GET))
    asked = review(request.POST)
    if asked is not None and _must_ask(request, asked):
        return _ask(request, asked)
    if asked is None or asked.refusal:
        notices.refused(
            request, asked.refusal if asked else _("Choose what to do first. Nothing was changed.")
        )
        return redirect(undo.came_from(request, reverse("users")))
    if request.POST.get("seen") not in {None, str(asked.count)}:
        notices.mind(
            request, _("The directory has changed since you looked, and nothing was done. Look again.")
        )
        return redirect(undo.came_from(request, reverse("users")))
    return _start(request, asked) if asked.is_large else _do(request, with_reach(request, asked))


def _must_ask(request: HttpRequest, asked: Review) -> bool:
    """Nobody acts without having seen the reach, nor deletes without having been asked."""
    if "look" in request.POST or is_asked(request):
        return True
    if asked.refusal or request.POST.get("confirmed") == "yes":
        return False
    return asked.is_final or "seen" not in request.POST


def _ask(request: HttpRequest, asked: Review | None) -> HttpResponse:
    if asked is None:
        return redirect("users")
    if is_asked(request) or "look" in request.POST:
        asked = with_reach(request, asked)
    back = request.POST.get("next") or request.GET.get("next") or reverse("users")
    page = "console/users/act_question.html" if is_part(request) else "console/users/act.html"
    return render(request, page, {"review": asked, "next": back})


def _do(request: HttpRequest, asked: Review) -> HttpResponse:
    if asked.refusal:
        notices.refused(request, asked.refusal)
        return redirect(undo.came_from(request, reverse("users")))
    ids = asked.ids
    try:
        changed = perform(asked.act, ids, asked.group, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        needs = {"act": asked.act.undo, "ids": [str(one) for one in ids]}
        if asked.group is not None:
            needs["group"] = str(asked.group.id)
        back = (_UNDO, needs) if asked.act.undo else None
        notices.done(request, f"{asked.act.done(changed)} {asked.reach}", undo_by=back)
    return redirect(undo.came_from(request, reverse("users")))


def _start(request: HttpRequest, asked: Review) -> HttpResponse:
    assert isinstance(request.user, Account)
    actor, ids = actor_of(request), asked.ids

    def work(progress: Progress) -> dict[str, Any]:
        changed = perform(asked.act, ids, asked.group, actor=actor, report=progress)
        return result(asked.act.done(changed), links=[(_("Users"), reverse("users"))])

    order = {
        "act": asked.act.name,
        "users": len(ids),
        "filter": asked.filter,
        "stopped": _("What was done stays."),
        "again": f"{reverse('users')}?{asked.filter}",
    }
    begun = start(f"users-{asked.act.name}", asked.button, request.user, order, work)
    return redirect("work", begun.pk)


def _take_back(request: HttpRequest, needs: dict[str, Any]) -> str:
    demand(request, Permission.MANAGE_DIRECTORY)
    group = get_group(needs["group"]) if "group" in needs else None
    wanted = BY_NAME[needs["act"]]
    ids = [one for text in needs["ids"] if (one := as_id(text)) is not None]
    return wanted.done(perform(wanted, ids, group, actor=actor_of(request)))


undo.register(_UNDO, _take_back)
