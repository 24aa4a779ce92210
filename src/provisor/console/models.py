"""The one table of this room: work that takes longer than an answer may."""

from typing import Any

from django.db import models

from provisor.access.models import Account
from provisor.identifiers import uuid7


class Work(models.Model):
    """Something long that a person started here: it can be watched from any page, and stopped.

    Passes are no work in this sense: the engine has its own runs.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        #: A person asked it to stop.
        STOPPED = "stopped"
        #: It could not go on; `message` says why and what to do.
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: Which work it is: a name of `provisor.console.long_work.kinds`.
    kind = models.TextField()
    title = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    #: The process that does it: what another process left running is over.
    process = models.TextField()
    done = models.BigIntegerField(default=0)
    #: Zero while it is not known.
    total = models.BigIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: What it was asked to do, without secrets.
    order: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: What came of it, for the page that shows it.
    result: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    message = models.TextField(default="", blank=True)

    class Meta:
        db_table = "console_work"

    def __str__(self) -> str:
        return self.title
