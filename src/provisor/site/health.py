"""Whether the process lives, and whether it can serve: for container platforms and load balancers."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

_log = structlog.get_logger(__name__)


@login_not_required
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "live"})


@login_not_required
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and its schema is ours, else 503 with the reason.

    The reason is one of three fixed sentences: anybody may ask.
    """
    reason = _reason()
    if reason:
        return JsonResponse({"status": "not ready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


def _reason() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return (
            "" if _migrated() else "Migrations are to be applied: start Provisor once, or run the migrations."
        )
    except DatabaseError:
        _log.exception("The database does not answer.")
        return "The database does not answer."


class _Schema:
    """What is applied stays applied while a process lives, so it is asked until it is once true."""

    complete = False


def _migrated() -> bool:
    if not _Schema.complete:
        executor = MigrationExecutor(connection)
        _Schema.complete = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _Schema.complete
