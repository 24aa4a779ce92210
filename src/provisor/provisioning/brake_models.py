"""Tables of the brake: what was taken away, and what is held (R10). The other tables of the room are in `models.py`."""

from django.db import models
from django.db.models import Q

from provisor.applications.models import Application
from provisor.identifiers import uuid7


class Departure(models.Model):
    """One destructive operation that was executed: what the brake counts over 24 hours (R10)."""

    class Budget(models.TextChoices):
        ACCOUNTS = "accounts"
        MEMBERSHIPS = "memberships"

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    budget = models.CharField(max_length=11, choices=Budget.choices)
    count = models.IntegerField(default=1)
    at = models.BigIntegerField()
    #: For memberships: the group that lost them; the link may be gone.
    link_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "provisioning_departure"
        indexes = [
            models.Index(fields=["application", "budget", "at"], name="provisioning_departure_at"),
            models.Index(
                fields=["link_id"], condition=Q(link_id__isnull=False), name="provisioning_departure_link"
            ),
        ]


class Hold(models.Model):
    """A destructive operation that the brake stopped and a person must release or reject."""

    class State(models.TextChoices):
        HELD = "held"
        RELEASED = "released"
        #: Released, and carried out.
        DONE = "done"
        #: Released, and not carried out within 24 hours: it is held again, by another row.
        LAPSED = "lapsed"
        REJECTED = "rejected"
        #: What it stopped is not to happen any more, or would be something else now.
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    #: Kept after the link is gone: decisions are history.
    link_id = models.BigIntegerField()
    #: For a membership: the user whose removal from the group is held.
    user_id = models.UUIDField(null=True)
    act = models.CharField(max_length=20)
    #: The link's cause; `mapped` where the mapping deactivates somebody who is in scope.
    cause = models.CharField(max_length=10, default="", blank=True)
    #: Hash of the effect that was shown; a release counts only for it.
    effect = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.HELD)
    reason = models.TextField(default="", blank=True)
    held_at = models.BigIntegerField()
    #: The journal entry of the change that caused it: who made that does not release it alone.
    entry_id = models.BigIntegerField(null=True)
    decided_at = models.BigIntegerField(null=True)
    decided_by = models.TextField(default="", blank=True)
    #: What is to be known of the decision: that nobody else could take it, say.
    note = models.TextField(default="", blank=True)

    class Meta:
        db_table = "provisioning_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["link_id", "user_id"],
                condition=Q(state="held"),
                name="provisioning_hold_once",
            )
        ]
        indexes = [
            models.Index(fields=["link_id"], name="provisioning_hold_link"),
            models.Index(
                fields=["application", "id"], condition=Q(state="held"), name="provisioning_hold_open"
            ),
            models.Index(
                fields=["application"], condition=Q(state="released"), name="provisioning_hold_released"
            ),
            models.Index(
                fields=["application", "link_id"],
                condition=Q(cause="mapped", state__in=["held", "released", "rejected"]),
                name="provisioning_hold_mapped",
            ),
        ]
