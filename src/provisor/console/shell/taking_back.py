"""The one address that takes an act back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import confirmed_where, requires
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.console.shell.undo import came_from, is_dangerous, opened


@require_POST
@requires(Permission.READ)
@confirmed_where(is_dangerous)
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the act of the sealed value, and return to the page that the person was on."""
    found = opened(request)
    if found is None:
        notices.refused(request, _("It is too late to undo this from here. Nothing was changed."))
        return redirect(came_from(request))
    act, needs = found
    try:
        notices.done(request, act(request, needs))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    return redirect(came_from(request))
