"""The installation itself: version, database, engine, counts, and whether all is well."""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import provisor
from provisor.access.permissions import Permission
from provisor.applications.lookup import live_policies
from provisor.applications.models import Application
from provisor.console.guard import requires
from provisor.console.home.reading import people_and_groups
from provisor.directory.models import Pending
from provisor.provisioning.health.life_sign import LifeSign
from provisor.provisioning.homes.home import engine_runs
from provisor.provisioning.models import Link


@dataclass(frozen=True, slots=True)
class Check:
    """One fact about health: good, or bad with what to do."""

    good: bool
    sentence: str


@require_safe
@requires(Permission.READ)
def about(request: HttpRequest) -> HttpResponse:
    """Facts for a person who looks after this installation, or reports a fault."""
    backlog = Pending.objects.count()
    context = {
        "version": provisor.__version__,
        "python": platform.python_version(),
        "django": django.get_version(),
        "data_directory": settings.DATA_DIR,
        "public_url": settings.PUBLIC_URL,
        "database": connection.vendor,
        "size": _size(),
        "now": timezone.now(),
        "engine_alive": LifeSign(settings.DATA_DIR / "engine.alive").last(),
        "counts": _counts(),
        "backlog": backlog,
        "oldest": Pending.objects.aggregate(at=Min("entry__at"))["at"] if backlog else None,
        "checks": _checks(backlog),
    }
    return render(request, "console/settings/about.html", context)


def _size() -> int:
    """Bytes that the database takes on disk."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        files = (Path(f"{name}{ending}") for ending in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.is_file())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _counts() -> list[tuple[str, Any]]:
    directory = people_and_groups()
    return [
        (_("Users"), directory["users"]),
        (_("Groups"), directory["groups"]),
        (_("Applications"), Application.objects.filter(deleted_at=None).count()),
        (_("Policies"), live_policies().count()),
        (_("Accounts and groups there"), Link.objects.count()),
    ]


def _checks(backlog: int) -> list[Check]:
    """What the health addresses answer, and whether anything is sent."""
    return [
        Check(good=True, sentence=_("The service answers (/healthz/live).")),
        _schema(),
        _engine(),
        Check(
            good=True, sentence=_("%(count)s changes wait to be looked at by the engine.") % {"count": f"{backlog:,}"}
        )
        if backlog
        else Check(good=True, sentence=_("The engine has looked at every change.")),
    ]  # fmt: skip


def _schema() -> Check:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return Check(
            good=False,
            sentence=_("The schema of the database is old: restart Provisor, which brings it up to date."),
        )
    return Check(
        good=True, sentence=_("The database answers, and its schema is this version's (/healthz/ready).")
    )


def _engine() -> Check:
    if engine_runs():
        return Check(good=True, sentence=_("The engine runs."))
    return Check(
        good=False,
        sentence=_("No engine runs: nothing is sent to any application. Start it with “provisor serve”."),
    )
