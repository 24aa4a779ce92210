"""What runs when: from the figures by which the engine itself goes."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.applications.models import Application
from provisor.provisioning.drift.scans import drift_settings
from provisor.provisioning.health.health import FIRST_PROBE, LONGEST_PROBE
from provisor.provisioning.passes.backoff import FIRST, LONGEST
from provisor.provisioning.surroundings import Surroundings

_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, and what happens then."""

    when: str
    what: str


def moments(application: Application) -> tuple[Moment, ...]:
    """Everything that makes the engine do something for this application, soonest first."""
    sweep = Surroundings().sweep_every
    return (
        Moment(
            when=_("At once"),
            what=_("Every change of the directory, of a policy or of these settings is sent as soon as it is committed, people who leave first."),
        ),
        Moment(
            when=_("Every %(duration)s") % {"duration": duration(round(sweep * _SECOND))},
            what=_("The engine looks for work that is due here, so that no wake-up is lost. Where nothing is due, nothing is sent."),
        ),
        Moment(
            when=_("%(first)s to %(longest)s later") % {"first": duration(FIRST), "longest": duration(LONGEST)},
            what=_("What failed for a while is tried again, each time after about twice the wait, and never before the application allows it (Retry-After). What was refused for good waits for a change, or for a person."),
        ),
        Moment(when=_("While it is not well"), what=_probes()),
        Moment(when=_("Once a minute"), what=_expiry(application)),
        _scan(application),
        Moment(
            when=_("Before the first pass"),
            what=_("What the application says of itself is read; later only when somebody tests the connection, or asks for its attributes again in the mapping."),
        ),
    )  # fmt: skip


def _scan(application: Application) -> Moment:
    every = drift_settings(application)["every"]
    if every is None:
        return Moment(
            when=_("When somebody asks"),
            what=_(
                "It is scanned for what others changed there. The tab Drift can have it scanned on a schedule."
            ),
        )
    when = _("Every %(duration)s") % {"duration": duration(every * _HOUR)}
    return Moment(
        when=when,
        what=_("It is scanned for what others changed there, by list pages and beside all other work; the tab Drift says what follows."),
    )  # fmt: skip


def standstill(application: Application) -> str:
    """Why none of it happens now; "" where it does."""
    if application.paused:
        return _("It is paused: nothing of this happens until it is resumed.")
    if application.mode == Application.Mode.OBSERVE:
        return _("It is only observed: changes are planned and kept, and nothing is sent until you say go.")
    return ""


def duration(milliseconds: int) -> str:
    """A span of time in its largest whole unit."""
    for unit, name in ((_HOUR, "hour"), (_MINUTE, "minute"), (_SECOND, "second")):
        if milliseconds >= unit and milliseconds % unit == 0:
            n = milliseconds // unit
            words = {
                "hour": ngettext("%(n)s hour", "%(n)s hours", n),
                "minute": ngettext("%(n)s minute", "%(n)s minutes", n),
                "second": ngettext("%(n)s second", "%(n)s seconds", n),
            }
            return words[name] % {"n": n}
    return _("%(n)s ms") % {"n": f"{milliseconds:,}"}


def _probes() -> str:
    return _(
        "It is tried again by itself: after a refused sign-in first in %(refused)s and then at least every %(refused_most)s, "
        "when it cannot be reached first in %(unreachable)s and then at least every %(unreachable_most)s. It resumes by itself when it answers."
    ) % {
        "refused": duration(FIRST_PROBE["refused"]),
        "refused_most": duration(LONGEST_PROBE["refused"]),
        "unreachable": duration(FIRST_PROBE["unreachable"]),
        "unreachable_most": duration(LONGEST_PROBE["unreachable"]),
    }  # fmt: skip


def _expiry(application: Application) -> str:
    days = application.delete_after_days
    if days is None:
        return _(
            "No account is deleted by time: deactivated ones stay so. The tab Features can set a number of days."
        )
    return ngettext(
        "Accounts that have been deactivated for %(n)s day are deleted, through the brake.",
        "Accounts that have been deactivated for %(n)s days are deleted, through the brake.",
        days,
    ) % {"n": f"{days:,}"}  # fmt: skip
