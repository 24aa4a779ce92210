"""Tables of drift: scans of an application, and what they found there that is otherwise than it should be.

Times are Unix milliseconds, as everywhere in the engine.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from provisor.applications.models import Application
from provisor.identifiers import uuid7


class Scan(models.Model):
    """One reading of everything that an application holds, page by page; it goes on where it was interrupted."""

    class State(models.TextChoices):
        REQUESTED = "requested"
        RUNNING = "running"
        #: It read to the end; `lists` says whether what it read was everything.
        FINISHED = "finished"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    trigger = models.TextField(default="request")
    requested_by = models.TextField(default="", blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.BigIntegerField()
    started_at = models.BigIntegerField(null=True)
    finished_at = models.BigIntegerField(null=True)
    #: Where the next page begins: `{kind, received, cursor, ...}`, as `scim.paging.Position` has it.
    position: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: By kind: `{complete, seen, total, reason}`.
    lists: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: Pages, resources seen, requests, and findings by their word, those beyond the cap included.
    totals: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(default=dict)
    #: Why it ended before the end, or what could not be concluded.
    reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_scan"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=["requested", "running"]),
                name="provisioning_scan_once",
            )
        ]
        indexes = [models.Index(fields=["application", "-id"], name="provisioning_scan_app")]


class Finding(models.Model):
    """One thing that is otherwise in an application than it should be."""

    class What(models.TextChoices):
        #: Attributes of a linked resource have other values than were sent.
        CHANGED = "changed"
        #: A linked resource is not there any more: a GET was answered with 404.
        MISSING = "missing"
        #: A pushed group has other members than were confirmed.
        MEMBERS = "members"
        #: A resource that no link knows.
        UNKNOWN = "unknown"

    class Match(models.TextChoices):
        """Whose an unknown resource is, by the matching attributes."""

        NONE = ""
        #: Surely one user's or group's.
        SURE = "sure"
        #: An e-mail address alone says so: for a person to decide.
        EMAIL = "email"
        #: Several are possible, or the only one is linked elsewhere.
        AMBIGUOUS = "ambiguous"
        #: On the list of exclusions: never written to.
        PROTECTED = "protected"

    class State(models.TextChoices):
        OPEN = "open"
        IGNORED = "ignored"
        CORRECTED = "corrected"
        ADOPTED = "adopted"
        #: A person wants it away; the engine is about to send that.
        REMOVING = "removing"
        REMOVED = "removed"
        #: A later scan did not find it so any more.
        GONE = "gone"

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5)
    what = models.CharField(max_length=7, choices=What.choices)
    remote_id = models.TextField()
    #: Kept after the link is gone.
    link_id = models.BigIntegerField(null=True)
    #: The user or group here: of the link, or whose an unknown resource probably is.
    local_id = models.UUIDField(null=True)
    match = models.CharField(max_length=9, choices=Match.choices, default=Match.NONE, blank=True)
    #: What the resource calls itself there.
    name = models.TextField(default="", blank=True)
    #: Values that are shown, capped; by `what`.
    detail: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: Digest of what was shown: what a person ignored counts for this only.
    digest = models.TextField(default="", blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    reason = models.TextField(default="", blank=True)
    found_at = models.BigIntegerField()
    #: When a scan found it last.
    seen_at = models.BigIntegerField()
    decided_at = models.BigIntegerField(null=True)
    decided_by = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_finding"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "remote_id", "what"], name="provisioning_finding_once"
            )
        ]
        indexes = [
            models.Index(fields=["application", "state", "what", "id"], name="provisioning_finding_state"),
            models.Index(
                fields=["application"], condition=Q(state="removing"), name="provisioning_finding_removing"
            ),
        ]
