"""What a person does to findings: one or many, each with a sentence before and after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
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
from provisor.provisioning.drift import finding_acts as services
from provisor.provisioning.models import Finding

#: Findings of one act; more than a page has.
MOST: Final = 200
#: Digits that are sure to fit the 64 bits of an id.
_LONGEST_ID: Final = 18


@dataclass(frozen=True, slots=True)
class FindingAct:
    """One act: who may do it, its words, what it is for, and how it is done to one finding as it was shown."""

    name: str
    permission: Permission
    label: Promise
    fits: Callable[[Finding], bool]
    perform: Callable[[Finding, Actor, str], object]


def _is_unknown(finding: Finding) -> bool:
    return finding.what == Finding.What.UNKNOWN


ACTS: Final = {
    act.name: act
    for act in (
        FindingAct(
            "correct", Permission.PROVISION, gettext_lazy("Correct: put it right there"),
            lambda one: not _is_unknown(one),
            lambda one, actor, digest: services.correct(one.pk, actor=actor, digest=digest),
        ),
        FindingAct(
            "adopt", Permission.MANAGE_APPLICATIONS, gettext_lazy("Adopt: link it to whom it is matched"), _is_unknown,
            lambda one, actor, digest: services.adopt(one.pk, actor=actor, digest=digest),
        ),
        FindingAct(
            "ignore", Permission.MANAGE_APPLICATIONS, gettext_lazy("Ignore: leave it as it is"),
            lambda _one: True,
            lambda one, actor, digest: services.ignore(one.pk, actor=actor, digest=digest),
        ),
        FindingAct(
            "deactivate", Permission.MANAGE_APPLICATIONS, gettext_lazy("Remove: deactivate it there"), _is_unknown,
            lambda one, actor, digest: services.remove(one.pk, actor=actor, verb="deactivate", digest=digest),
        ),
        FindingAct(
            "delete", Permission.MANAGE_APPLICATIONS, gettext_lazy("Remove: delete it there"), _is_unknown,
            lambda one, actor, digest: services.remove(one.pk, actor=actor, verb="delete", digest=digest),
        ),
    )
}  # fmt: skip


def allowed_acts(request: HttpRequest) -> list[FindingAct]:
    """The acts that whoever asks may do."""
    return [act for act in ACTS.values() if may(request, act.permission)]


def chosen_findings(request: HttpRequest, application_id: UUID) -> list[Finding]:
    """The findings that were ticked, of this application only."""
    texts = (request.POST if request.method == "POST" else request.GET).getlist("findings")[:MOST]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < _LONGEST_ID]
    return list(Finding.objects.filter(application=application_id, pk__in=numbers).order_by("id"))


def reach(act: str, chosen: Sequence[Finding], application: Application) -> str:
    """What the act will do, before it is done, and to how many of the chosen it does not apply."""
    if act not in ACTS or not chosen:
        return ""
    count = sum(ACTS[act].fits(one) for one in chosen)
    sentence = _sentence(act, count) % {"count": count, "name": application.name} if count else ""
    left = len(chosen) - count
    rest = ngettext("It is not for %(n)d of them.", "It is not for %(n)d of them.", left) % {"n": left}
    return f"{sentence} {rest}".strip() if left else sentence


def _sentence(act: str, count: int) -> str:
    sentences = {
        "correct": ngettext(
            "Puts %(count)d right in %(name)s: what differs is sent again, what is gone is made anew.",
            "Puts %(count)d right in %(name)s: what differs is sent again, what is gone is made anew.",
            count,
        ),
        "adopt": ngettext(
            "Links %(count)d of %(name)s to whom it is matched, and brings it up to date if a policy gives it.",
            "Links %(count)d of %(name)s to whom they are matched, and brings them up to date if a policy gives them.",
            count,
        ),
        "ignore": ngettext(
            "Leaves %(count)d in %(name)s as it is. It is listed again when it changes.",
            "Leaves %(count)d in %(name)s as they are. They are listed again when they change.",
            count,
        ),
        "deactivate": ngettext(
            "Deactivates %(count)d account in %(name)s. It counts for the brake.",
            "Deactivates %(count)d accounts in %(name)s. They count for the brake.",
            count,
        ),
        "delete": ngettext(
            "Deletes %(count)d in %(name)s. That may not be undone there. It counts for the brake.",
            "Deletes %(count)d in %(name)s. That may not be undone there. They count for the brake.",
            count,
        ),
    }
    return sentences[act]


def apply(request: HttpRequest, application: Application, act: FindingAct, chosen: Sequence[Finding]) -> None:
    """Do an act to each that it is for, as it was shown, and say what became of it."""
    demand(request, act.permission, application.pk)
    done, refused = 0, []
    for one in chosen:
        try:
            act.perform(one, actor_of(request), request.POST.get(f"digest-{one.pk}", ""))
        except REFUSALS as refusal:
            refused.append(sentence_of(refusal))
        else:
            done += 1
    if done:
        notices.done(request, _done(act.name, done) % {"count": done, "name": application.name})
    if refused:
        sentence = ngettext("%(count)d was left: %(why)s", "%(count)d were left: %(why)s", len(refused))
        notices.refused(request, sentence % {"count": len(refused), "why": " ".join(dict.fromkeys(refused))})


def _done(act: str, count: int) -> str:
    sentences = {
        "correct": ngettext(
            "%(count)d is being put right in %(name)s.", "%(count)d are being put right in %(name)s.", count
        ),
        "adopt": ngettext("%(count)d is linked.", "%(count)d are linked.", count),
        "ignore": ngettext("%(count)d is left as it is.", "%(count)d are left as they are.", count),
    }
    removed = ngettext(
        "%(count)d is being removed in %(name)s.", "%(count)d are being removed in %(name)s.", count
    )
    return sentences.get(act, removed)


def nothing_chosen() -> str:
    """Why nothing was done."""
    return _("Nothing was done: select at least one row and an action first.")
