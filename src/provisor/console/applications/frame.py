"""What every page of one application shows at its top: name, state since when, mode, last contact, tabs."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.applications.profiles import load_profile
from provisor.directory.models import JournalEntry
from provisor.provisioning.models import Health, Hold
from provisor.provisioning.queries import statuses_of

#: Name of the tab, the address behind it, its label.
_TABS = (
    ("overview", "application", _("Overview")),
    ("accounts", "application-accounts", _("Accounts")),
    ("groups", "application-groups", _("Groups")),
    ("mapping", "application-mapping", _("Mapping")),
    ("features", "application-features", _("Features")),
    ("policies", "application-policies", _("Policies")),
    ("sign-in", "application-sign-in", _("Sign-in")),
    ("plan", "application-plan", _("Plan")),
    ("holds", "application-holds", _("Holds")),
    ("drift", "application-drift", _("Drift")),
    ("log", "application-log", _("Log")),
    ("settings", "application-settings", _("Settings")),
)
#: Changes of an application that are looked through for the one that paused it.
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the tabs; `count` is shown where it says that somebody should look."""

    name: str
    address: str
    label: Any
    count: int = 0


def frame(
    request: HttpRequest,  # noqa: ARG001 - part of the contract of pages
    application_id: UUID,
    tab: str,
    application: Application | None = None,
) -> dict[str, Any]:
    """Return `application`, `status`, `tab`, `holds` (operations that wait) and what else the head needs. Raises Http404 where there is none.

    Whoever has read the application with `head_of` already gives it, and it is not read again.
    """
    application = application or (
        live_applications().annotate(**head_of("pk")).filter(pk=application_id).first()
    )
    if application is None:
        raise Http404
    status = statuses_of([application])[application.id]
    holds = int(vars(application)["held_operations"] or 0)
    return {
        "application": application,
        "status": status,
        "tab": tab,
        "since": _since(application, status["state"]),
        "holds": holds,
        "tabs": [Tab(name, url, label, holds if name == "holds" else 0) for name, url, label in _TABS],
        "profile_name": profile_name(application.profile),
    }


def head_of(application: str) -> dict[str, Subquery]:
    """How many operations of an application are held, and since when its health is as it is, for the query that reads it.

    `application` is the field of the queried rows that says which application it is.
    """
    held = Hold.objects.filter(application=OuterRef(application), state=Hold.State.HELD).order_by()
    return {
        "held_operations": Subquery(held.values("application").annotate(count=Count("pk")).values("count")),
        "health_since": Subquery(Health.objects.filter(application=OuterRef(application)).values("since")),
    }


def profile_name(profile_id: str) -> str:
    """The name of a profile for people; its id where the catalogue has lost it."""
    try:
        return load_profile(profile_id).name
    except KeyError:
        return profile_id


def _since(application: Application, state: str) -> Any:
    """When the state began: a datetime, or Unix milliseconds; None where nothing tells."""
    if state == "paused":
        return _paused_at(application)
    if state == "well":
        return None
    return vars(application)["health_since"]


def _paused_at(application: Application) -> Any:
    """The change that paused it: the pause of a person, or another base URL."""
    entries = JournalEntry.objects.filter(
        subject_id=application.id, event__in=("application.paused", "application.updated")
    ).order_by("-id")[:_LOOKED_AT]
    pauses = (each.at for each in entries if "paused" in each.detail.get("changed", ()))
    return next(pauses, None)
