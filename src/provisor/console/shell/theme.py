"""The viewer's choice of light, dark or what the system says."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from provisor.console.guard import signed_in
from provisor.console.shell.context import THEME_COOKIE, THEMES
from provisor.console.shell.undo import came_from

_YEAR = 365 * 24 * 60 * 60


@require_POST
@signed_in
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice for a year, in this browser."""
    chosen = request.POST.get("theme", "")
    response = redirect(came_from(request))
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=_YEAR,
            samesite="Lax",
            httponly=True,
            secure=settings.CSRF_COOKIE_SECURE,
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
