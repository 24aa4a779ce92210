"""Loading the sample company, with a real SCIM server to bring it to."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.audit.actor import Actor
from provisor.console import notices
from provisor.console.guard import actor_of, requires
from provisor.console.home import sample_offer
from provisor.console.home.page import page
from provisor.console.long_work import running
from provisor.console.long_work.results import result
from provisor.console.models import Work
from provisor.provisioning.operations import OperationRefused
from provisor.sample.company import NAME
from provisor.sample.keeper import Keeper, keeper
from provisor.sample.loading import APPLICATION, load_sample, refuse_unless_empty

_CONFLICT: Final = 409


@require_POST
@requires(Permission.ADD_APPLICATIONS)
@requires(Permission.MANAGE_DIRECTORY)
def load(request: HttpRequest) -> HttpResponse:
    """Load it, as long work. 409 with a sentence when the system is not empty, or something is missing."""
    already = sample_offer.under_way()
    if already is not None:
        return redirect("work", already.id)
    try:
        refuse_unless_empty()
    except OperationRefused as refusal:
        return _refused(request, str(refusal))
    one, missing = keeper(), sample_offer.missing()
    if one is None or missing:
        return _refused(request, missing)
    return redirect("work", _started(request, one).id)


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    notices.refused(request, sentence)
    return page(request, status=_CONFLICT)


def _started(request: HttpRequest, one: Keeper) -> Work:
    account, actor = request.user, actor_of(request)
    assert isinstance(account, Account)
    order = {"stopped": _("Nothing of it was kept: the system is empty again."), "again": reverse("home")}
    return running.start(
        sample_offer.KIND,
        _("Loading the sample company"),
        account,
        order,
        lambda progress: _load(one, actor, progress),
    )


def _load(one: Keeper, actor: Actor, progress: running.Progress) -> dict[str, Any]:
    loaded = load_sample(one, actor, progress)
    counts = {
        "company": NAME,
        "people": f"{len(loaded.company.people):,}",
        "groups": f"{len(loaded.company.teams):,}",
        "application": APPLICATION,
    }
    return result(
        _(
            "%(company)s is here: %(people)s people in %(groups)s groups. Their accounts appear in the application "
            "%(application)s now. Change somebody, and it follows."
        )
        % counts,
        links=[
            (_("Watch the accounts appear"), reverse("application", args=[loaded.application_id])),
            (_("Users"), reverse("users")),
        ],
    )
