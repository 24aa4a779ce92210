"""Context processor: what the frame of every page shows."""

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.access.principals import Principal, of_account
from provisor.console.shell import attention

#: The cookie that keeps the viewer's choice; without it the page follows the system.
THEME_COOKIE = "provisor-theme"
THEMES = ("light", "dark")
#: Where the session keeps the address of the application that a person was on the way to when more was asked of them.
ON_THE_WAY = "opening"
#: The pages that say so: one's own.
_OWN_PAGES = ("/account", "/my/")

#: Name of the address, its first path segment, label, icon, permission.
_NAVIGATION = (
    ("home", "", _("Home"), "home", Permission.READ),
    ("apps", "apps", _("Apps"), "apps", Permission.READ),
    ("users", "users", _("Users"), "user", Permission.READ),
    ("groups", "groups", _("Groups"), "users-group", Permission.READ),
    ("policies", "policies", _("Policies"), "route", Permission.READ),
    ("activity", "activity", _("Activity"), "timeline", Permission.READ),
    ("audit", "audit", _("Audit"), "shield-check", Permission.READ_AUDIT),
    ("settings", "settings", _("Settings"), "settings", Permission.READ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation."""

    address: str
    label: Any
    icon: str
    current: bool


class May:
    """`may.manage_applications` in a template: whether the viewer has that permission."""

    def __init__(self, viewer: Principal) -> None:
        self._viewer = viewer

    def __getattr__(self, name: str) -> bool:
        return self._viewer.may(Permission(name.replace("_", "-")))

    def __getitem__(self, name: str) -> bool:
        try:
            return bool(getattr(self, name))
        except ValueError:
            raise KeyError(name) from None


def shell(request: HttpRequest) -> dict[str, Any]:
    """`theme`; for who is signed in also `navigation`, `may`, `needs_you` (how many things), `seen` (Unix time)."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    frame: dict[str, Any] = {"theme": chosen if chosen in THEMES else ""}
    account = getattr(request, "user", None)
    if isinstance(account, Account):
        frame["seen"] = f"{time.time():.3f}"
        viewer = of_account(account)
        frame["may"] = May(viewer)
        if request.path_info.startswith(_OWN_PAGES):
            frame["on_the_way"] = request.session.get(ON_THE_WAY, "")
        frame["navigation"] = _entries(request, viewer)
        frame["needs_you"] = SimpleLazyObject(lambda: attention.count(viewer))
    return frame


def _entries(request: HttpRequest, viewer: Principal) -> list[Entry]:
    segment = request.path_info.strip("/").split("/")[0]
    return [
        Entry(address, label, icon, segment == first)
        for address, first, label, icon, permission in _NAVIGATION
        if viewer.may(permission)
    ]
