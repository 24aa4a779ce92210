"""Tables of the access room: who signs in, and with which token."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from provisor.directory.models import User
from provisor.identifiers import uuid7


class Role(models.TextChoices):
    """What an account may do; `provisor.access.permissions` holds the table."""

    #: Everything.
    OWNER = "owner"
    #: The directory, applications and policies; not who has access to Provisor.
    APPLICATION_ADMINISTRATOR = "application-administrator"
    #: Releases or rejects what the brake holds.
    APPROVER = "approver"
    #: Provisions one person again.
    HELP_DESK = "help-desk"
    #: Reads everything, the audit included, and writes nothing.
    AUDITOR = "auditor"


class Accounts(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(email=(username or "").lower())


class Account(AbstractBaseUser):
    """A person who signs in. It may belong to a directory user, whose disabling ends its sign-ins."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: Kept in lower case, so that nobody signs up twice.
    email = models.EmailField(unique=True)
    name = models.TextField(default="", blank=True)
    role = models.TextField(choices=Role.choices, default=Role.AUDITOR)
    is_active = models.BooleanField(default=True)
    directory_user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="account"
    )
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Any] = Accounts()

    class Meta:
        db_table = "access_account"

    def __str__(self) -> str:
        return self.email

    def may_sign_in(self) -> bool:
        """Whether neither the account nor its directory user is disabled or deleted."""
        user = self.directory_user
        return self.is_active and (user is None or (user.active and user.deleted_at is None))


class Token(models.Model):
    """An API token: shown once, stored as its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    name = models.TextField()
    role = models.TextField(choices=Role.choices)
    #: The first characters, so that a person recognises it.
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    #: Exact to the minute only: not every request writes.
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
