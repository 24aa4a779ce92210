"""One work: watched, and stopped."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import may, requires
from provisor.console.long_work import running
from provisor.console.long_work.reading import Standing, standing


@require_safe
@requires(Permission.READ)
def work(request: HttpRequest, work_id: UUID) -> HttpResponse:
    """Title, progress and what came of it; every reload finds the same work."""
    return render(request, "console/long_work/work.html", {"standing": _found(request, work_id)})


@require_POST
@requires(Permission.READ)
def stop_work(request: HttpRequest, work_id: UUID) -> HttpResponse:
    """Ask it to stop; it ends at its next step."""
    found = _found(request, work_id)
    if not found.running or not running.stop(work_id):
        notices.mind(request, _("It has ended already: nothing was left to stop."))
    return redirect("work", work_id)


def _found(request: HttpRequest, work_id: UUID) -> Standing:
    """A work may show lines of the directory: it is for who started it, and for who may manage the directory."""
    found = standing(work_id)
    if found is None:
        raise Http404(_("There is no such work. What ended more than 30 days ago is deleted."))
    account = request.user
    assert isinstance(account, Account)
    if found.work.account_id != account.pk and not may(request, Permission.MANAGE_DIRECTORY):
        raise PermissionDenied
    return found
