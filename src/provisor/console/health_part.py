"""How an application is: its state in words, since when, what Provisor does about it, and the one thing a person can do."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from provisor.applications.models import Application
from provisor.provisioning.clock import now as clock
from provisor.provisioning.health.leavers import overdue
from provisor.provisioning.models import Health

#: What Provisor does meanwhile, by state.
_DOING: Final = {
    "paused": _("Nothing is sent, and nothing is lost: what changes meanwhile follows after the resumption."),
    "refused": _("Nothing is sent. One request that only reads is made now and then; once it succeeds, what waits follows by itself."),
    "misbehaving": _("It is left alone, and probed with one request that only reads; once that succeeds, what waits follows by itself."),
    "unreachable": _("It is tried again and again, at growing distances of at most 5 minutes; once it answers, what waits follows by itself."),
    "throttled": _("It has asked for that, and it is obeyed. What waits follows by itself."),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """What `console/parts/health.html` shows; times in Unix milliseconds, 0 where there is none."""

    state: str
    reason: str
    since: int
    doing: Any
    #: When it is probed next.
    probe_at: int
    #: The one thing to do: "credential", "resume", "try", or empty.
    act: str
    #: A sentence on people who left and whose account is not taken away; empty where there is none.
    overdue: str

    @property
    def is_shown(self) -> bool:
        """A well application in which nobody is overdue needs no words."""
        return self.state != "well" or bool(self.overdue)


def health_part(application: Application) -> HealthPart:
    """How an application is now, in one query, or two before the first pass."""
    now = clock()
    late = (
        overdue(application.pk, now).order_by().values("application").annotate(n=Count("link_id")).values("n")
    )
    found = Health.objects.filter(application=application).annotate(late=Subquery(late)).first()
    health = found or Health(application=application)
    count = (getattr(found, "late", None) or 0) if found else overdue(application.pk, now).count()
    sentence = _late(count) if count else ""
    if application.paused:
        return HealthPart(
            state="paused", reason=application.paused_reason, since=0, doing=_DOING["paused"], probe_at=0,
            act="resume", overdue=sentence,
        )  # fmt: skip
    asked = health.asked_until if health.asked_at == application.base_url else 0
    return HealthPart(
        state=health.state, reason=health.reason, since=health.since, doing=_DOING.get(health.state, ""),
        probe_at=max(health.not_before, asked), act=_act(health, asked=asked > now), overdue=sentence,
    )  # fmt: skip


def _late(count: int) -> str:
    return ngettext(
        "The removal of %(count)d account is not confirmed within 5 minutes. The list of accounts says why.",
        "The removal of %(count)d accounts is not confirmed within 5 minutes. The list of accounts says why.",
        count,
    ) % {"count": count}


def _act(health: Health, *, asked: bool) -> str:
    if health.state == Health.State.WELL or asked:
        return ""
    return "credential" if health.state == Health.State.REFUSED else "try"
