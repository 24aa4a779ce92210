"""What is said after a policy was added, changed or deleted."""

from collections.abc import Callable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from provisor.applications.models import Application, Policy
from provisor.console import notices
from provisor.console.reach import reach_of


def followed(change: Callable[[], object]) -> str:
    """Return what a change will make of the accounts, or "" where it cannot be made."""
    return reach_of("", change).sentence


def added(request: HttpRequest, policy: Policy, follows: str) -> None:
    """Say that the policy was added, what follows, and whether something stands in the way."""
    said = _("The policy “%(name)s” was added.") % {"name": policy.name}
    notices.done(request, f"{said} {follows}".strip())
    tell_of_waiting(request, policy.application)


def tell_of_waiting(request: HttpRequest, application: Application) -> None:
    """Where nothing is sent yet, say so, with the way on."""
    names = {"application": application.name}
    if application.paused:
        said = _("%(application)s is paused: nothing is sent until it is resumed.") % names
        address, act = reverse("application", args=[application.id]), _("To the application")
    elif application.mode == Application.Mode.OBSERVE:
        said = _("%(application)s is only observed: nothing is sent until you say go.") % names
        address, act = reverse("application-plan", args=[application.id]), _("Look at the plan")
    else:
        return
    notices.mind(request, format_html('{} <a href="{}">{}</a>', said, address, act))
