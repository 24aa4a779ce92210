"""One's own sessions: ending one, or all but this one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from provisor.access import sessions_listed
from provisor.access.models import Account
from provisor.console import notices
from provisor.console.guard import actor_of
from provisor.console.refusals import REFUSALS, sentence_of


@require_POST
def end_one(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one session of the viewer."""
    assert isinstance(request.user, Account)
    try:
        sessions_listed.end_session(request.user, session_id, actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("The session has ended."))
    return redirect("account")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all sessions of the viewer but this one."""
    assert isinstance(request.user, Account)
    kept = request.session.session_key
    count = sessions_listed.end_sessions(request.user, actor_of(request), keep=kept)
    said = ngettext("%(n)d session has ended.", "%(n)d sessions have ended.", count)
    notices.done(request, said % {"n": count})
    return redirect("account")
