"""The first page of the settings: a card for each part that the viewer may see."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.console.guard import may, requires


@dataclass(frozen=True, slots=True)
class Card:
    """One part: its address, icon, name, and what is done there."""

    address: str
    icon: str
    name: Any
    said: Any
    permission: Permission


_CARDS: Final = (
    Card(
        "administrators",
        "users",
        _("Administrators"),
        _("Who may sign in here, and what each of them may do."),
        Permission.READ_AUDIT,
    ),
    Card(
        "sign-in-provider",
        "shield-lock",
        _("Sign-in provider"),
        _("An OpenID Connect provider that administrators may sign in with."),
        Permission.MANAGE_ACCESS,
    ),
    Card("tokens", "key", _("API tokens"), _("For programs that use the APIs in your name."), Permission.READ),
    Card(
        "notifications",
        "mail",
        _("Notifications"),
        _("Who hears of what goes wrong, by e-mail and webhook, and whether it arrives."),
        Permission.READ,
    ),
    Card(
        "attributes",
        "tag",
        _("Custom attributes"),
        _("Attributes of users and groups beyond those of the standard."),
        Permission.READ,
    ),
    Card("journal", "history", _("Journal"), _("Every change of the directory and of the configuration."), Permission.READ),
    Card("about", "info-circle", _("About"), _("Version, database, engine, and whether all is well."), Permission.READ),
)  # fmt: skip


@require_safe
@requires(Permission.READ)
def settings_landing(request: HttpRequest) -> HttpResponse:
    """The cards, those left out that would be refused."""
    assert isinstance(request.user, Account)
    cards = [card for card in _CARDS if may(request, card.permission)]
    return render(request, "console/settings/landing.html", {"cards": cards})
