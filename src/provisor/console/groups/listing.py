"""The list of groups: finding, exporting, and deleting some of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from provisor.access.permissions import Permission
from provisor.audit.actor import Actor
from provisor.console import notices
from provisor.console.exports import csv_answer
from provisor.console.groups.counting import Reached, Size, reached, sizes
from provisor.console.groups.reading import found_groups, searched
from provisor.console.guard import actor_of, requires
from provisor.console.keyset import page_of
from provisor.console.reach import Reach, is_asked, mark_of, reach_of, told
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.console.shell.undo import came_from
from provisor.directory.groups import delete_group
from provisor.directory.models import Group
from provisor.directory.queries import as_id, groups
from provisor.provisioning.rehearsal.rehearsal import Rehearsal
from provisor.provisioning.rehearsal.rehearsal_count import crowded

#: Groups of one export that are counted together.
_RUN = 200
#: Groups that one act takes: what a page can select.
_MOST = 200


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as the list shows it."""

    group: Group
    size: Size
    reached: Reached


@require_safe
@requires(Permission.READ)
def group_list(request: HttpRequest) -> HttpResponse:
    """Every group, by name; `?q=` searches in the names."""
    text = searched(request)
    page = page_of(found_groups(text), request, "display_name_key")
    # Everyone is always there: a list with nothing else is the first look at it.
    none_yet = not (text or page.before) and all(one.is_everyone for one in page.rows)
    context = {"rows": _rows(page.rows), "page": page, "text": text, "none_yet": none_yet}
    return render(request, "console/groups/list.html", context)


def _rows(shown: Sequence[Group]) -> list[GroupRow]:
    ids = [one.id for one in shown]
    counted, grants = sizes(ids), reached(ids)
    return [GroupRow(one, counted[one.id], grants[one.id]) for one in shown]


@require_safe
@requires(Permission.READ)
def export_groups(request: HttpRequest) -> StreamingHttpResponse:
    """The groups that the search finds, as CSV."""
    header = [
        "name",
        "id",
        "external_id",
        "members",
        "members_direct",
        "groups_inside",
        "policies",
        "applications",
    ]
    return csv_answer(request, "groups", header, _lines(searched(request)))


def _lines(text: str) -> Iterator[Sequence[object]]:
    last = ""
    while some := list(
        found_groups(text).filter(display_name_key__gt=last).order_by("display_name_key")[:_RUN]
    ):
        for row in _rows(some):
            group, size, grants = row.group, row.size, row.reached
            yield (
                group.display_name, group.id, group.external_id, size.effective, size.direct, size.inside,
                grants.policies, "; ".join(grants.applications),
            )  # fmt: skip
        last = some[-1].display_name_key


@require_safe
@requires(Permission.MANAGE_DIRECTORY)
def groups_reach(request: HttpRequest) -> HttpResponse:
    """What deleting the chosen groups would do; nothing while no action is chosen. `?reach=now` is the question's."""
    chosen = _chosen(request.GET.getlist("group"))
    if request.GET.get("action") != "delete" or not chosen:
        return HttpResponse()
    context = {"reach": deletion(chosen, actor_of(request)), "groups": chosen}
    page = "console/groups/delete_many_question.html" if is_asked(request) else "console/reach/reach.html"
    return render(request, page, context)


@require_POST
@requires(Permission.MANAGE_DIRECTORY)
def delete_groups(request: HttpRequest) -> HttpResponse:
    """Delete the chosen groups, all or none; asks once more unless the person has seen what it does."""
    chosen = _chosen(request.POST.getlist("group"))
    if request.POST.get("action") != "delete" or not chosen:
        notices.refused(request, _("Nothing was done: select groups and an action first."))
        return redirect(came_from(request, "groups"))
    seen = mark_of(one.id for one in chosen)
    looking = "look" in request.POST
    reach = deletion(chosen, actor_of(request)) if looking or request.POST.get("seen") == seen else None
    if reach is None or looking or reach.refusal:
        context = {"reach": reach, "groups": chosen, "seen": seen}
        return render(request, "console/groups/delete_many.html", context)
    try:
        _delete(chosen, actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, told(_deleted(chosen), reach))
    return redirect(came_from(request, "groups"))


def deletion(chosen: Sequence[Group], actor: Actor) -> Reach:
    """Rehearse the deletion of groups; where very many people are in them, count whom it may reach."""
    ids = [one.id for one in chosen]

    def crowd() -> Rehearsal | None:
        # Everyone is refused, whoever is in it.
        return None if any(one.is_everyone for one in chosen) else crowded(ids, ids)

    return reach_of(_deletes(chosen), lambda: _delete(chosen, actor), ids, crowd)


def _delete(chosen: Sequence[Group], actor: Actor) -> None:
    with transaction.atomic():
        for group in chosen:
            delete_group(group.id, actor=actor)


def _deletes(chosen: Sequence[Group]) -> str:
    if len(chosen) == 1:
        return _("Deletes the group “%(name)s”. Its users stay in the directory.") % {
            "name": chosen[0].display_name
        }
    return ngettext(
        "Deletes %(count)d group. Its users stay in the directory.",
        "Deletes %(count)d groups. Their users stay in the directory.",
        len(chosen),
    ) % {"count": len(chosen)}


def _deleted(chosen: Sequence[Group]) -> str:
    if len(chosen) == 1:
        return _("The group “%(name)s” was deleted.") % {"name": chosen[0].display_name}
    return ngettext("%(count)d group was deleted.", "%(count)d groups were deleted.", len(chosen)) % {
        "count": len(chosen)
    }


def _chosen(texts: Sequence[str]) -> list[Group]:
    ids = [one for one in map(as_id, texts[:_MOST]) if one is not None]
    return list(groups().filter(id__in=ids).order_by("display_name_key"))
