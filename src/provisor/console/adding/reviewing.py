"""The last step: what a pass would do, in numbers and words, and the act that starts it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.applications.applications import resume, update_application
from provisor.applications.lookup import live_policies
from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal, RefusalKind
from provisor.audit.actor import Actor
from provisor.console.adding.estimating import MANY, counted, due_of
from provisor.mapping.problems import MappingRefused
from provisor.planning.operation import DESTRUCTIVE, Act
from provisor.provisioning.models import Hold
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.preview.preview import plan_application

#: Names that are shown; the plan itself has all of them.
_NAMED: Final = 8


def _accounts(count: int) -> str:
    return ngettext("%(count)s account", "%(count)s accounts", count) % {"count": f"{count:,}"}


def _groups(count: int) -> str:
    return ngettext("%(count)s group", "%(count)s groups", count) % {"count": f"{count:,}"}


def _members(count: int) -> str:
    return ngettext("%(count)s member", "%(count)s members", count) % {"count": f"{count:,}"}


def _resources(count: int) -> str:
    return ngettext("%(count)s account or group", "%(count)s accounts and groups", count) % {
        "count": f"{count:,}"
    }


_NOUNS: Final[Mapping[str, Callable[[int], str]]] = {"user": _accounts, "group": _groups, "": _resources}


def _said(act: str, what: str) -> str:
    """An act on so many, as a button says it."""
    sentences = {
        Act.CREATE: _("create %(what)s"),
        Act.ADOPT: _("look for %(what)s and create none"),
        Act.UPDATE: _("update %(what)s"),
        Act.DEACTIVATE: _("deactivate %(what)s"),
        Act.DELETE: _("delete %(what)s"),
        Act.FIND_AND_DEPROVISION: _("find and remove %(what)s"),
        Act.ADD_MEMBERS: _("add %(what)s"),
        Act.REMOVE_MEMBERS: _("remove %(what)s"),
    }
    return sentences[Act(act)] % {"what": what}


@dataclass(frozen=True, slots=True)
class Total:
    """So many of one act. `destructive` ones take something away from somebody."""

    words: str
    destructive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a pass would do now. `seen` travels with the form that starts it; `problem` is why nothing can be said."""

    totals: list[Total] = field(default_factory=list)
    first: list[Mapping[str, Any]] = field(default_factory=list)
    more: bool = False
    held: int = 0
    policies: int = 0
    seen: str = ""
    problem: str = ""
    #: False: it was counted and not planned, so that the totals are at most so many.
    exact: bool = True

    @property
    def words(self) -> str:
        """All totals in one phrase: "create 12 accounts, create 1 group and add 12 members"."""
        return str(get_text_list([total.words for total in self.totals], _("and")))


def foresee(application: Application) -> Foreseen:
    """Plan the application by the code of a pass; where too many are due, count them and say at most."""
    policies = live_policies().filter(application=application).count()
    try:
        if due_of(application) > MANY:
            return _estimated(application, policies)
        plan = plan_application(application.pk)
    except MappingRefused as refused:
        return Foreseen(policies=policies, problem=" ".join(problem.reason for problem in refused.problems))
    operations = plan["operations"]
    return Foreseen(
        totals=list(_totals(plan)),
        first=operations[:_NAMED],
        more=len(operations) > _NAMED,
        held=plan["held"],
        policies=policies,
        seen=seen_of(plan["totals"]),
    )


def _estimated(application: Application, policies: int) -> Foreseen:
    load_context(application)  # raises what keeps a pass from beginning
    found = counted(application)
    counts: Counter[tuple[str, str]] = Counter({(each.act.value, each.kind): each.count for each in found})
    seen = seen_of({f"{act} {kind}": count for (act, kind), count in counts.items()})
    totals = [
        replace(total, words=_("%(what)s at most") % {"what": total.words}) for total in _worded(counts)
    ]
    held = Hold.objects.filter(application=application, state=Hold.State.HELD).count()
    return Foreseen(totals=totals, held=held, policies=policies, seen=seen, exact=False)


def seen_of(totals: Mapping[str, int]) -> str:
    """What the person has seen, for a comparison with what is there when they say go."""
    return json.dumps(dict(totals), sort_keys=True)


def _totals(plan: Mapping[str, Any]) -> Iterable[Total]:
    """Totals by act and kind; where there are more than one page of operations, by act alone."""
    counts: Counter[tuple[str, str]] = Counter()
    if plan["next"] is None:
        for operation in plan["operations"]:
            counts[operation["act"], operation["kind"]] += operation["count"]
    else:
        counts.update({(act, ""): count for act, count in plan["totals"].items()})
    return _worded(counts)


def _worded(counts: Mapping[tuple[str, str], int]) -> Iterable[Total]:
    """In words, what takes something away first."""
    order = [each.value for each in Act]
    for act, kind in sorted(
        counts, key=lambda each: (_gentle(each[0]), order.index(each[0]), each[1] != "user")
    ):
        noun = _members if act in {Act.ADD_MEMBERS, Act.REMOVE_MEMBERS} else _NOUNS[kind]
        yield Total(_said(act, noun(counts[act, kind])), not _gentle(act))


def _gentle(act: str) -> bool:
    return Act(act) not in DESTRUCTIVE


def start(application: Application, *, actor: Actor, version: int) -> Application:
    """Let the engine send: resume what is paused, and leave observe. Raises ConfigurationRefusal."""
    if not application.credentials.exists():
        raise ConfigurationRefusal.of(
            RefusalKind.PROTECTED,
            _('"%(name)s" has no credentials, so nothing could be sent.') % {"name": application.name},
            _("Enter them, and test the connection."),
        )
    if application.paused:
        application = resume(application.pk, actor=actor, version=version)
        version = application.version
    return update_application(
        application.pk, {"mode": Application.Mode.ENFORCE.value}, actor=actor, version=version
    )
