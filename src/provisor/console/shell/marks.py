"""What a page listens to: for each topic a mark that changes when something of the topic did. Few, cheap queries."""

from typing import Final

from django.db import close_old_connections

from provisor.audit.models import AuditEntry
from provisor.console.models import Work
from provisor.directory.models import JournalEntry
from provisor.provisioning.models import Attempt, Health, Hold, Run

#: What a page can listen to.
TOPICS: Final = ("directory", "applications", "work")


def marks() -> dict[str, tuple[object, ...]]:
    """Return the mark of each of `TOPICS`."""
    close_old_connections()
    try:
        acts = AuditEntry.objects.order_by("-id").values_list("id").first()
        return {
            "directory": (JournalEntry.objects.order_by("-id").values_list("id").first(),),
            "applications": (
                acts,
                Attempt.objects.order_by("-id").values_list("id").first(),
                Hold.objects.order_by("-id").values_list("id").first(),
                tuple(Run.objects.order_by("-id").values_list("id", "state")[:20]),
                tuple(Health.objects.order_by("pk").values_list("state", "since")),
            ),
            "work": tuple(Work.objects.order_by("-id").values_list("id", "done", "state")[:20]),
        }
    finally:
        close_old_connections()
