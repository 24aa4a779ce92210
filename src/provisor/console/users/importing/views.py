"""Importing users and groups from CSV."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.console.guard import requires
from provisor.console.users.importing.flow import answer
from provisor.console.users.importing.kinds import GROUPS, USERS


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def import_users(request: HttpRequest) -> HttpResponse:
    """Upload, preview, import: of users."""
    return answer(request, USERS)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def import_groups(request: HttpRequest) -> HttpResponse:
    """Upload, preview, import: of groups."""
    return answer(request, GROUPS)
