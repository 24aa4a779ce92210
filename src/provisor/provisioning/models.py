"""Tables of the provisioning room. The engine writes them with the named SQL of `sql.py`.

Times of the engine are Unix milliseconds, so that a test may give it any clock.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from provisor.applications.models import Application
from provisor.identifiers import uuid7
from provisor.provisioning.brake_models import Departure, Hold
from provisor.provisioning.drift_models import Finding, Scan

__all__ = [
    "AccessInterval", "Attempt", "Departure", "Finding", "Health", "Hold", "Kind", "Leaver", "Link", "LinkMember", "Run",
    "Scan",
]  # fmt: skip


class Kind(models.TextChoices):
    USER = "user"
    GROUP = "group"


class Link(models.Model):
    """What Provisor knows of one user or group in one application."""

    class Origin(models.TextChoices):
        NONE = ""
        #: Provisor sent the POST.
        CREATED = "created"
        #: It was there, and a rule or a person linked it.
        ADOPTED = "adopted"
        #: It was seen, and belongs to nobody: never touched.
        OBSERVED = "observed"

    class State(models.TextChoices):
        DUE = "due"
        IN_SYNC = "in_sync"
        WAITING = "waiting"
        FAILED = "failed"
        CONFLICT = "conflict"
        HELD = "held"
        MISSING = "missing"
        RELEASED = "released"
        EXCLUDED = "excluded"

    class Cause(models.TextChoices):
        NONE = ""
        UNASSIGNED = "unassigned"
        DISABLED = "disabled"
        DELETED = "deleted"
        #: Deactivated for one of these, and since for longer than the application's `delete_after_days`.
        EXPIRED = "expired"

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    local_id = models.UUIDField()
    remote_id = models.TextField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.NONE)
    in_scope = models.BooleanField(default=True)
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.NONE)
    generation = models.BigIntegerField(default=1)
    done_generation = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    #: Order within a pass (`phases.py`): leavers first.
    phase = models.SmallIntegerField(default=2)
    #: Values that the application confirmed, by path. Null: nothing is known yet.
    sent: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: What the application returned otherwise than it was sent, by path, when that was written last: its own way with
    #: our values. Null where no answer has shown anything.
    observed: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: Paths that were written, and no answer has shown them since.
    unshown: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: A write that was recorded before it was sent and has no outcome yet.
    intent: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: What a write without an outcome may have changed: `{create}`, `{paths: [...]}` or `{delete}`.
    doubt: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: False after the address changed: the account is read and compared before the first write.
    verified = models.BooleanField(default=True)
    #: ETag of the application's resource.
    etag = models.TextField(default="", blank=True)
    attempts = models.IntegerField(default=0)
    #: Not before this moment (back-off).
    not_before = models.BigIntegerField(default=0)
    #: What happened, what it means, what to do: for people.
    reason = models.TextField(default="", blank=True)
    #: The journal entry that made it due.
    entry_id = models.BigIntegerField(null=True)
    changed_at = models.BigIntegerField(default=0)
    #: When a scan last saw it there (Unix milliseconds), and what of it was otherwise than sent: `planning.drift`.
    seen_at = models.BigIntegerField(null=True)
    baseline: "models.JSONField[Any, Any]" = models.JSONField(null=True)

    class Meta:
        db_table = "provisioning_link"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "local_id"], name="provisioning_link_local_once"
            ),
            models.UniqueConstraint(
                fields=["application", "kind", "remote_id"],
                condition=Q(remote_id__isnull=False),
                name="provisioning_link_remote_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["application", "phase", "not_before"],
                condition=Q(state="due"),
                name="provisioning_link_due",
            ),
            models.Index(fields=["application", "state", "kind"], name="provisioning_link_state"),
            models.Index(fields=["local_id"], name="provisioning_link_local"),
            models.Index(
                fields=["application"], condition=Q(intent__isnull=False), name="provisioning_link_intent"
            ),
            # the condition as `leavers.UNCONFIRMED` writes it
            models.Index(
                fields=["application"],
                condition=Q(
                    kind="user",
                    in_scope=False,
                    state__in=["due", "held", "failed", "waiting", "conflict", "missing"],
                ),
                name="provisioning_link_leaving",
            ),
        ]


class LinkMember(models.Model):
    """One user in one pushed group: wanted there, confirmed there, or both."""

    id = models.BigAutoField(primary_key=True)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="members", db_index=False)
    user_id = models.UUIDField()
    #: The directory wants the user in the group.
    wanted = models.BooleanField()
    #: The remote id under which the application confirmed the member; kept until its removal is confirmed.
    remote_id = models.TextField(null=True)
    #: A write of this member has no outcome: it is sent again, or read back.
    doubt = models.BooleanField(default=False)
    #: Something is to be done: wanted and confirmed disagree, or the member is in doubt.
    due = models.BooleanField(default=True)
    #: The brake holds its removal until a person decides.
    held = models.BooleanField(default=False)
    #: The journal entry by which the directory came to want it, or not to want it any more.
    entry_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "provisioning_link_member"
        constraints = [
            models.UniqueConstraint(fields=["link", "user_id"], name="provisioning_link_member_once")
        ]
        indexes = [
            models.Index(fields=["link"], condition=Q(due=True), name="provisioning_link_member_due"),
            models.Index(fields=["user_id"], name="provisioning_link_member_user"),
        ]


class Run(models.Model):
    """One pass that had something to do, or one that was asked for."""

    class State(models.TextChoices):
        REQUESTED = "requested"
        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    trigger = models.TextField(default="change")
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    requested_at = models.BigIntegerField(null=True)
    started_at = models.BigIntegerField(null=True)
    finished_at = models.BigIntegerField(null=True)
    #: Counts by kind of operation, and `requests`, `failed`.
    totals: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(default=dict)
    #: Why it ended before the work did.
    reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_run"
        indexes = [
            models.Index(fields=["application", "state"], name="provisioning_run_state"),
            models.Index(fields=["application", "-id"], name="provisioning_run_app"),
        ]


class Attempt(models.Model):
    """One HTTP exchange with an application. Secrets never reach it; bodies are capped."""

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: Kept after the link is gone: attempts are history.
    link_id = models.BigIntegerField(null=True)
    run_id = models.UUIDField(null=True)
    local_id = models.UUIDField(null=True)
    #: The journal entry that caused it.
    entry_id = models.BigIntegerField(null=True)
    at = models.BigIntegerField()
    act = models.CharField(max_length=20)
    method = models.CharField(max_length=6)
    path = models.TextField()
    #: HTTP status; null when no answer came.
    status = models.IntegerField(null=True)
    milliseconds = models.FloatField()
    request = models.TextField(default="", blank=True)
    response = models.TextField(default="", blank=True)
    reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_attempt"
        indexes = [
            models.Index(fields=["application", "-id"], name="provisioning_attempt_app"),
            models.Index(fields=["application", "at"], name="provisioning_attempt_at"),
            models.Index(fields=["local_id", "-id"], name="provisioning_attempt_local"),
        ]


class AccessInterval(models.Model):
    """From when to when an account was live, with the cause at both ends. Outlives attempts."""

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    user_id = models.UUIDField(db_index=True)
    remote_id = models.TextField()
    from_at = models.BigIntegerField()
    from_cause = models.TextField()
    to_at = models.BigIntegerField(null=True)
    to_cause = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_access_interval"
        indexes = [
            models.Index(
                fields=["application", "user_id"],
                condition=Q(to_at__isnull=True),
                name="provisioning_access_open",
            )
        ]


class Health(models.Model):
    """Whether an application can be worked with now, and when it is tried again."""

    class State(models.TextChoices):
        WELL = "well"
        REFUSED = "refused"
        MISBEHAVING = "misbehaving"
        UNREACHABLE = "unreachable"
        THROTTLED = "throttled"

    application = models.OneToOneField(
        Application, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=11, choices=State.choices, default=State.WELL)
    reason = models.TextField(default="", blank=True)
    since = models.BigIntegerField(default=0)
    #: It is not tried before this moment, unless its configuration has changed or a person asks for it.
    not_before = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    #: The version of the configuration that all this was found with.
    version = models.BigIntegerField(default=0)
    #: No request leaves before this moment: the application itself has asked for that (`Retry-After`).
    asked_until = models.BigIntegerField(default=0)
    #: The base URL at which it asked.
    asked_at = models.TextField(default="", blank=True)
    #: Of two stored credentials the one that was refused while the other was accepted.
    refused_credential = models.UUIDField(null=True)
    #: When the discovery documents were last read.
    probed_at = models.BigIntegerField(default=0)
    last_contact = models.BigIntegerField(default=0)
    #: Levels of the limiter at the end of the last pass.
    limiter: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: The last calls of the passes so far, each with its time and how it went.
    recent: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)

    class Meta:
        db_table = "provisioning_health"


class Leaver(models.Model):
    """Somebody whose account is to be taken away, and the application has not confirmed it yet."""

    link_id = models.BigIntegerField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    #: When the directory said so.
    since = models.BigIntegerField()
    #: The alarm was raised for it.
    told = models.BooleanField(default=False)

    class Meta:
        db_table = "provisioning_leaver"
