"""Tables of the notices room. Times are Unix milliseconds, as the engine's."""

from typing import Any

from django.db import models
from django.db.models import Q

from provisor.applications.models import Application
from provisor.identifiers import uuid7


class Channel(models.Model):
    """Where notices go: one e-mail address, or one webhook."""

    class Kind(models.TextChoices):
        EMAIL = "email"
        WEBHOOK = "webhook"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.TextField(choices=Kind.choices)
    #: What people see. Of a webhook only its place: the path of its address is often a secret.
    address = models.TextField()
    #: Names of `provisor.notices.events.EVENTS`.
    events: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    #: Of a webhook: the whole address and the secret that signs, encrypted for this row.
    key_id = models.TextField(default="", blank=True)
    sealed = models.BinaryField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notices_channel"

    def __str__(self) -> str:
        return self.address


class Reason(models.Model):
    """Something that is the matter: told once, until it is over."""

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, null=True, on_delete=models.CASCADE, related_name="+")
    event = models.TextField()
    #: What must not be told twice while it lasts.
    key = models.TextField()
    sentence = models.TextField()
    since = models.BigIntegerField()
    #: When somebody was last told.
    told_at = models.BigIntegerField()
    over_at = models.BigIntegerField(null=True)

    class Meta:
        db_table = "notices_reason"
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(over_at__isnull=True), name="notices_reason_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["application"], condition=Q(over_at__isnull=True), name="notices_reason_open"
            )
        ]

    def __str__(self) -> str:
        return self.sentence


class Notice(models.Model):
    """One thing to tell: that a reason began, that there is more of it, or that it is over."""

    class Phase(models.TextChoices):
        BEGAN = "began"
        MORE = "more"
        OVER = "over"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.TextField()
    phase = models.TextField(choices=Phase.choices)
    application = models.ForeignKey(Application, null=True, on_delete=models.CASCADE, related_name="+")
    #: As it was called then; empty where no application is concerned.
    application_name = models.TextField(default="", blank=True)
    at = models.BigIntegerField()
    title = models.TextField()
    sentence = models.TextField()
    #: What a program may want besides: JSON values, never a secret.
    detail: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        db_table = "notices_notice"

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One notice on its way to one channel: written with the notice, so that a crash loses and doubles none."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    state = models.TextField(choices=State.choices, default=State.WAITING)
    #: Counted before each try is made.
    attempts = models.IntegerField(default=0)
    not_before = models.BigIntegerField(default=0)
    tried_at = models.BigIntegerField(null=True)
    #: What came of the last try, in words.
    outcome = models.TextField(default="", blank=True)

    class Meta:
        db_table = "notices_delivery"
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="notices_delivery_once"),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state="waiting"), name="notices_delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.channel_id}"
