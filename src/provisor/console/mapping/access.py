"""Pages that everybody may read and few may change."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from provisor.access.models import Account
from provisor.access.permissions import Permission, allows


def refuse_readers(request: HttpRequest) -> None:
    """Raise PermissionDenied unless whoever asks may manage applications."""
    if not (isinstance(request.user, Account) and allows(request.user.role, Permission.MANAGE_APPLICATIONS)):
        raise PermissionDenied
