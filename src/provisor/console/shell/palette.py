"""The command palette: every page, user, group, application and policy from the keyboard."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisor.access.models import Account
from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.access.principals import Principal, of_account
from provisor.applications.models import Application, Policy
from provisor.console.guard import requires
from provisor.directory.models import Group, User
from provisor.directory.names import fold

#: Rows of each kind.
_EACH: Final = 6


@dataclass(frozen=True, slots=True)
class Hit:
    label: str
    note: str
    icon: str
    address: str


@require_safe
@requires(Permission.READ)
def palette(request: HttpRequest) -> HttpResponse:
    """The rows of the palette for what was typed; with nothing typed, the pages."""
    assert isinstance(request.user, Account)
    text = request.GET.get("q", "").strip()[:100]
    hits = [*_pages(text, of_account(request.user)), *(_things(text) if text else ())]
    return render(request, "console/shell/palette.html", {"hits": hits, "text": text})


def _pages(text: str, viewer: Principal) -> Iterator[Hit]:
    for label, note, icon, name, permission in _known_pages():
        if viewer.may(permission) and fold(text) in fold(f"{label} {note}"):
            yield Hit(label, note, icon, reverse(name))


def _known_pages() -> list[tuple[str, str, str, str, Permission]]:
    read, directory = Permission.READ, Permission.MANAGE_DIRECTORY
    applications = Permission.MANAGE_APPLICATIONS
    return [
        (_("Home"), _("Page"), "home", "home", read),
        (_("Apps"), _("Page"), "apps", "apps", read),
        (_("Add application"), _("Act"), "plus", "add-application", Permission.ADD_APPLICATIONS),
        (_("Users"), _("Page: user list"), "user", "users", read),
        (_("Add user"), _("Act"), "user-plus", "add-user", directory),
        (_("Import users from CSV"), _("Act"), "file-import", "import-users", directory),
        (_("Groups"), _("Page: manage groups"), "users-group", "groups", read),
        (_("Create group"), _("Act"), "plus", "create-group", directory),
        (_("Policies"), _("Page"), "route", "policies", read),
        (_("Add policy"), _("Act"), "plus", "add-policy", applications),
        (_("Why does somebody have an account?"), _("Question"), "help", "why", read),
        (_("What needs you"), _("Page"), "bell", "needs-you", read),
        (_("Activity"), _("Page: runs and the provisioning log"), "timeline", "activity", read),
        (_("Journal"), _("Page: changes of the directory"), "history", "journal", read),
        (_("Audit"), _("Page: acts of people and tokens"), "shield-check", "audit", Permission.READ_AUDIT),
        (_("Settings"), _("Page"), "settings", "settings", read),
    ]


def _things(text: str) -> Iterator[Hit]:
    key = fold(text)
    yield from _hits(
        User.objects.filter(deleted_at=None, user_name_key__startswith=key).order_by("user_name_key")[:_EACH],
        "user", "user", "user_name", "display_name",
    )  # fmt: skip
    yield from _hits(
        Group.objects.filter(deleted_at=None, display_name_key__contains=key).order_by("display_name_key")[:_EACH],
        "group", "users-group", "display_name", None,
    )  # fmt: skip
    yield from _hits(
        known(Application.objects.filter(deleted_at=None, name_key__contains=key), "pk").order_by("name_key")[:_EACH],
        "application", "plug-connected", "name", None,
    )  # fmt: skip
    yield from _hits(
        known(Policy.objects.filter(name__icontains=text)).order_by("name")[:_EACH],
        "policy",
        "route",
        "name",
        None,
    )


def _hits(found: Iterable[Any], page: str, icon: str, label: str, note: str | None) -> Iterator[Hit]:
    kinds = {"user": _("User"), "group": _("Group"), "application": _("Application"), "policy": _("Policy")}
    for row in found:
        beside = getattr(row, note) if note else ""
        kind = f"{kinds[page]}: {beside}" if beside else kinds[page]
        yield Hit(getattr(row, label), kind, icon, reverse(page, args=[row.pk]))
