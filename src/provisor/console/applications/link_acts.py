"""What a person does to links: one or many, each with a sentence before and after."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.console import notices
from provisor.console.guard import actor_of, demand, may
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.console.shell import undo
from provisor.provisioning.models import Link
from provisor.provisioning.operations import adopt_link, ignore_link, retry_link, unlink_link

#: Links of one act; more than a page has.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class LinkAct:
    """One act: who may do it, its button, and how it is done to one link."""

    name: str
    permission: Permission
    label: Promise
    perform: Callable[[int, Actor], None]


def _retry(link_id: int, actor: Actor) -> None:
    retry_link(link_id, actor=actor)


def _exclude(link_id: int, actor: Actor) -> None:
    ignore_link(link_id, actor=actor)


def _unlink(link_id: int, actor: Actor) -> None:
    unlink_link(link_id, actor=actor)


ACTS: Final = {
    act.name: act
    for act in (
        LinkAct("retry", Permission.PROVISION, gettext_lazy("Try again"), _retry),
        LinkAct("exclude", Permission.MANAGE_APPLICATIONS, gettext_lazy("Exclude"), _exclude),
        LinkAct("unlink", Permission.MANAGE_APPLICATIONS, gettext_lazy("Unlink"), _unlink),
    )
}


def allowed_acts(request: HttpRequest) -> list[LinkAct]:
    """The acts that whoever asks may do."""
    return [act for act in ACTS.values() if may(request, act.permission)]


def reach(act: str, count: int, application: Application) -> str:
    """What the act will do, before it is done."""
    if act not in ACTS or not count:
        return ""
    sentences = {
        "retry": ngettext(
            "Tries %(count)d link of %(name)s again now. If it fails again, its reason stays.",
            "Tries %(count)d links of %(name)s again now. Those that fail again keep their reason.",
            count,
        ),
        "exclude": ngettext(
            "Leaves %(count)d link of %(name)s alone: nothing is sent for it until something about it changes.",
            "Leaves %(count)d links of %(name)s alone: nothing is sent for them until something about them changes.",
            count,
        ),
        "unlink": ngettext(
            "Forgets %(count)d link. What it stands for in %(name)s is kept as it is there; the next change looks it up anew.",
            "Forgets %(count)d links. What they stand for in %(name)s is kept as it is there; the next change looks them up anew.",
            count,
        ),
    }
    said = sentences[act] % {"count": count, "name": application.name}
    if act == "retry" and application.paused:
        said = f"{said} " + _("%(name)s is paused: nothing is sent before it is resumed.") % {
            "name": application.name
        }
    return said


def apply(request: HttpRequest, application: Application, act: LinkAct, links: Sequence[Link]) -> None:
    """Do it to each link, and say at the top of the next page what came of it."""
    demand(request, act.permission, application.pk)
    done: list[Link] = []
    refused: list[str] = []
    for link in links[:MOST]:
        if link.state == Link.State.HELD:
            refused.append(_("The brake holds it: release or keep it under Holds."))
            continue
        try:
            act.perform(link.id, actor_of(request))
        except Link.DoesNotExist:
            refused.append(_("It is gone: nothing stands for it any more."))
        except REFUSALS as refusal:
            refused.append(sentence_of(refusal))
        else:
            done.append(link)
    if done:
        notices.done(request, _done_sentence(act.name, len(done), application), undo_by=_undo(act.name, done))
    if refused:
        sentence = ngettext("%(count)d was left: %(why)s", "%(count)d were left: %(why)s", len(refused))
        notices.refused(request, sentence % {"count": len(refused), "why": " ".join(dict.fromkeys(refused))})


def _done_sentence(act: str, count: int, application: Application) -> str:
    sentences = {
        "retry": ngettext(
            "%(count)d link of %(name)s is tried again.",
            "%(count)d links of %(name)s are tried again.",
            count,
        ),
        "exclude": ngettext(
            "%(count)d link of %(name)s is left alone until something changes.",
            "%(count)d links of %(name)s are left alone until something changes.",
            count,
        ),
        "unlink": ngettext(
            "%(count)d link was forgotten; the account stays in %(name)s.",
            "%(count)d links were forgotten; the accounts stay in %(name)s.",
            count,
        ),
    }
    return sentences[act] % {"count": count, "name": application.name}


def _undo(act: str, done: Iterable[Link]) -> tuple[str, dict[str, Any]] | None:
    if act == "exclude":
        return "links.retry", {"links": [link.id for link in done]}
    linked = [[link.id, link.remote_id] for link in done if link.remote_id]
    if act == "unlink" and linked:
        return "links.link_again", {"links": linked}
    return None


def _retry_again(request: HttpRequest, needs: dict[str, Any]) -> str:
    _demand(request, ACTS["retry"].permission, needs["links"])
    for link_id in needs["links"]:
        retry_link(link_id, actor=actor_of(request))
    return ngettext("%(count)d link is tried again.", "%(count)d links are tried again.", len(needs["links"])) % {
        "count": len(needs["links"])
    }  # fmt: skip


def _link_again(request: HttpRequest, needs: dict[str, Any]) -> str:
    _demand(request, ACTS["unlink"].permission, [link_id for link_id, _ in needs["links"]])
    for link_id, remote_id in needs["links"]:
        adopt_link(link_id, actor=actor_of(request), remote_id=remote_id)
    count = len(needs["links"])
    return ngettext(
        "%(count)d account is linked again, and compared.",
        "%(count)d accounts are linked again, and compared.",
        count,
    ) % {"count": count}


def _demand(request: HttpRequest, permission: Permission, links: Sequence[int]) -> None:
    """As it is now: since the act, the account may have got another role or other applications."""
    demand(request, permission)
    for application in (
        Link.objects.filter(pk__in=links).values_list("application_id", flat=True).distinct().order_by()
    ):
        demand(request, permission, application)


undo.register("links.retry", _retry_again)
undo.register("links.link_again", _link_again)


def chosen_links(request: HttpRequest, application_id: UUID) -> list[Link]:
    """The links of the application that a form or a query names in `links` or `only`; others are not there for it."""
    given = request.POST if request.method == "POST" else request.GET
    texts = [given["only"]] if given.get("only") else given.getlist("links")
    ids = [int(text) for text in texts[:MOST] if text.isdecimal() and len(text) < len(str(2**63))]
    found = Link.objects.filter(application=application_id, id__in=ids)
    return list(found.only("id", "kind", "state", "remote_id", "local_id", "application_id").order_by("id"))
