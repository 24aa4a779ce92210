"""Pages that everybody may read and few may change."""

from django.http import HttpRequest

from provisor.access.permissions import Permission
from provisor.console.guard import demand


def refuse_readers(request: HttpRequest) -> None:
    """Raise PermissionDenied unless whoever asks may manage applications."""
    demand(request, Permission.MANAGE_APPLICATIONS)
