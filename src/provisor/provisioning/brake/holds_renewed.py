"""The configuration has changed: what is held for a person is shown as it would happen now (R10)."""

from collections.abc import Sequence
from uuid import UUID

from provisor.applications.capabilities import dialect_of
from provisor.applications.models import Application
from provisor.planning.deprovision import DEFAULT_ACTIONS, deprovision
from provisor.planning.operation import Cause
from provisor.provisioning.brake.releases import Effect
from provisor.provisioning.models import Hold, Link
from provisor.provisioning.passes.context import switches_of
from provisor.provisioning.passes.phases import Phase


def renew_holds(application_ids: Sequence[UUID], now: int) -> None:
    """Bring holds of accounts up to date with the table of causes and the switches; `now` in Unix milliseconds.

    An operation that would be another one now gets another effect, so that a decision about the former one is
    refused; one that would not be sent any more is not held any more.
    """
    if not application_ids:
        return
    held = Hold.objects.filter(application__in=application_ids, state=Hold.State.HELD, user_id=None)
    for application in Application.objects.filter(pk__in=held.values("application"), deleted_at=None):
        acts = _acts(application)
        for hold in held.filter(application=application, cause__in=acts).iterator():
            _renew(hold, acts[hold.cause], now)


def _acts(application: Application) -> dict[str, str]:
    """What each cause comes to: `deactivate`, `delete`, or an empty word where nothing is sent."""
    dialect, switches = dialect_of(application), switches_of(application, "users")
    acts = {}
    for cause in DEFAULT_ACTIONS:
        decided = deprovision(Cause(cause), application.deprovision, switches, dialect)
        acts[cause.value] = "delete" if decided.deletes else "deactivate"
        if decided.sends not in ("deactivate", "delete"):
            acts[cause.value] = ""
    return acts


def _renew(hold: Hold, act: str, now: int) -> None:
    link = Link.objects.filter(pk=hold.link_id, kind="user", state=Link.State.HELD)
    if act == hold.act or not link.exists():
        return
    if act:
        hold.act, hold.effect = act, Effect(link=hold.link_id, act=act, cause=hold.cause).digest
    else:
        hold.state, hold.decided_at = Hold.State.CANCELLED, now
        link.update(state=Link.State.DUE, phase=Phase.ACCOUNT_REMOVALS, not_before=0, attempts=0)
    hold.save(update_fields=["act", "effect", "state", "decided_at"])
