"""Tables of the directory. Every write goes through the services of this room."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from provisor.identifiers import uuid7


class User(models.Model):
    """One person. `resource` is the RFC 7643 document; the columns beside it are what queries need."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_name = models.TextField()
    #: `user_name` folded by `names.fold`: unique among users that are not deleted.
    user_name_key = models.TextField()
    active = models.BooleanField(default=True)
    external_id = models.TextField(default="", blank=True)
    display_name = models.TextField(default="", blank=True)
    email = models.TextField(default="", blank=True)
    #: Taken from the enterprise extension's `manager.value`, when that names a user of the directory.
    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    resource: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: Counts up with each change; the ETag of the SCIM API.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    #: A deleted user stays as a tombstone until no link names it any more.
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "directory_user"
        constraints = [
            models.UniqueConstraint(
                fields=["user_name_key"],
                condition=Q(deleted_at__isnull=True),
                name="directory_user_name_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["external_id"], name="directory_user_external_id", condition=~Q(external_id="")
            ),
            models.Index(fields=["email"], name="directory_user_email"),
            # Whose mailbox an address is, without regard to case.
            models.Index(Lower("email"), name="directory_user_address"),
            models.Index(
                fields=["user_name_key"],
                name="directory_user_disabled",
                condition=Q(active=False, deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.user_name


class Group(models.Model):
    """A set of users, and of groups inside it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    display_name = models.TextField()
    #: `display_name` folded by `names.fold`: unique among groups that are not deleted.
    display_name_key = models.TextField()
    external_id = models.TextField(default="", blank=True)
    #: The built-in group that holds every user; its members are rows like any other's.
    is_everyone = models.BooleanField(default=False)
    resource: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "directory_group"
        constraints = [
            models.UniqueConstraint(
                fields=["display_name_key"],
                condition=Q(deleted_at__isnull=True),
                name="directory_group_name_once",
            ),
            models.UniqueConstraint(
                fields=["is_everyone"], condition=Q(is_everyone=True), name="directory_one_everyone"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class Membership(models.Model):
    """A user directly in a group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        db_table = "directory_membership"
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="directory_membership_once")]


class Nesting(models.Model):
    """A group directly inside a group."""

    parent = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="children")
    child = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="parents")

    class Meta:
        db_table = "directory_nesting"
        constraints = [models.UniqueConstraint(fields=["parent", "child"], name="directory_nesting_once")]


class Closure(models.Model):
    """Every group with every group inside it at any depth, itself included.

    The effective members of a group are the members of its descendants.
    """

    ancestor = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    descendant = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "directory_closure"
        constraints = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="directory_closure_once")
        ]


class CustomAttribute(models.Model):
    """An attribute of a custom extension schema, declared by an administrator."""

    class Type(models.TextChoices):
        STRING = "string"
        BOOLEAN = "boolean"
        INTEGER = "integer"
        DECIMAL = "decimal"
        DATE_TIME = "dateTime"

    class ResourceType(models.TextChoices):
        USER = "User"
        GROUP = "Group"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: URN of the extension schema, for example `urn:example:params:scim:schemas:extension:acme:2.0:User`.
    schema = models.TextField()
    #: All attributes of one schema belong to one resource type (RFC 7643, section 6).
    resource_type = models.TextField(choices=ResourceType.choices, default=ResourceType.USER)
    name = models.TextField()
    type = models.TextField(choices=Type.choices, default=Type.STRING)
    multi_valued = models.BooleanField(default=False)
    description = models.TextField(default="", blank=True)

    class Meta:
        db_table = "directory_custom_attribute"
        constraints = [
            models.UniqueConstraint(fields=["schema", "name"], name="directory_custom_attribute_once")
        ]


class JournalEntry(models.Model):
    """One change of the directory or of the configuration, in words a person can follow. Append-only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    #: `noun.verb`, for example `user.created`, `group.members_added`, `policy.deleted`.
    event = models.TextField()
    #: The name that the actor had then, and who that is: the words and ids of `provisor.audit.actor.Actor`.
    actor = models.TextField()
    actor_kind = models.CharField(max_length=7)
    actor_id = models.TextField(blank=True)
    subject_id = models.UUIDField(db_index=True)
    #: What changed: attribute names, or the other side of a membership, with names as they were then.
    detail: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        db_table = "directory_journal"


class Pending(models.Model):
    """What a journal entry touched and the fold has not looked at yet. Written with the entry, deleted by the fold.

    A row never says what to do, only where to look: the fold recomputes from the current tables.
    """

    class Kind(models.TextChoices):
        #: `subject` is a user whose attributes, activity or existence changed.
        USER = "user"
        #: `subject` is a group in which `other`, a user, may be or not be an effective member any more.
        #: Written for every ancestor of the group that changed, with the closure as it was at that moment.
        MEMBER = "member"
        #: `subject` is a group whose own attributes or existence changed.
        GROUP = "group"
        #: `subject` is an application, `other` the group of a policy that came, went or changed.
        POLICY = "policy"
        #: `subject` is an application whose switches, mapping or rules changed.
        APPLICATION = "application"

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(JournalEntry, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    subject_id = models.UUIDField()
    other_id = models.UUIDField(null=True)

    class Meta:
        db_table = "directory_pending"
