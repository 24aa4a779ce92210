"""The table of this room: answers kept for a repeated `Idempotency-Key`."""

from typing import Any

from django.db import models


class KeptAnswer(models.Model):
    """What a POST with an `Idempotency-Key` was answered, for 24 hours.

    The row is written before the work starts, so that the same request cannot run twice side by side.
    """

    #: Whose key it is: two tokens may use the same one.
    caller = models.TextField()
    key = models.TextField()
    #: Keyed digest of method, address and body; the body itself may hold secrets and is not kept.
    fingerprint = models.CharField(max_length=64)
    #: Null while the first request is at work.
    status = models.PositiveSmallIntegerField(null=True)
    headers: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)
    body: "models.BinaryField[Any, Any]" = models.BinaryField(default=b"")
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "api_kept_answer"
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="api_kept_answer_once")]
