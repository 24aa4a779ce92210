"""The audit tables. Rows are only ever added, by `record`."""

import json
from typing import Any

from django.db import models


class AuditEntry(models.Model):
    """One act. `digest` covers the entry and the digest before it, so that an edit or a gap shows (R18)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    #: `account`, `token`, `command` or `system`.
    actor_kind = models.CharField(max_length=7)
    actor_id = models.TextField(default="", blank=True)
    actor_label = models.TextField()
    #: `noun.verb`, for example `application.created`.
    act = models.TextField(db_index=True)
    subject_id = models.TextField(default="", blank=True, db_index=True)
    #: Covered by `payload_digest`, not by `digest`: the name of a person can be erased.
    subject_label = models.TextField(default="", blank=True)
    #: Salted hash of the payload and of `subject_label`; stays when these are erased.
    payload_digest = models.CharField(max_length=64)
    #: Unique: the chain cannot fork, whatever two writers do.
    previous_digest = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "audit_entry"


class AuditPayload(models.Model):
    """Before and after, apart from the entry: the chain holds its salted hash, so personal data can be erased."""

    entry = models.OneToOneField(
        AuditEntry, primary_key=True, on_delete=models.PROTECT, related_name="payload"
    )
    #: Empty once erased, so that nobody can guess their way back to the content.
    salt = models.BinaryField()
    #: The canonical JSON as it was hashed. Text, because PostgreSQL's jsonb rewrites numbers. Null once erased.
    text = models.TextField(null=True)

    class Meta:
        db_table = "audit_payload"

    @property
    def content(self) -> dict[str, Any] | None:
        """`{"before": ..., "after": ...}` (each only if given), or None once erased."""
        return None if self.text is None else json.loads(self.text)


class AuditHead(models.Model):
    """One row: where the chain ends. Its row lock is what makes writers take turns on PostgreSQL."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)
    #: Number of entries in the chain.
    entries = models.BigIntegerField(default=0)

    class Meta:
        db_table = "audit_head"


class AuditAnchor(models.Model):
    """When the end of the chain was last noted in one place outside the database, and what came of the last try."""

    #: SHA-256 of the place: the address of a webhook may hold a secret.
    place_digest = models.CharField(max_length=64, primary_key=True)
    #: What people see of the place.
    label = models.TextField()
    tried_at = models.DateTimeField(null=True)
    #: Of the last anchor that arrived.
    at = models.DateTimeField(null=True)
    entries = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")
    #: Why the last try failed, as a sentence; empty when it did not.
    problem = models.TextField(default="", blank=True)

    class Meta:
        db_table = "audit_anchor"

    def __str__(self) -> str:
        return self.label
