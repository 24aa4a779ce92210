"""Tables of the access room: who signs in, how, in which sessions, and with which token."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from provisor.directory.models import User
from provisor.identifiers import uuid7

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


class Role(models.TextChoices):
    """What an account may do; `provisor.access.permissions` holds the table."""

    #: Everything.
    OWNER = "owner"
    #: Applications and policies, all or some of them; with all of them the directory, too. Not who has access to Provisor.
    APPLICATION_ADMINISTRATOR = "application-administrator"
    #: Releases or rejects what the brake holds.
    APPROVER = "approver"
    #: Provisions one person again.
    HELP_DESK = "help-desk"
    #: Reads everything, the audit included, and writes nothing.
    AUDITOR = "auditor"
    #: Opens what policies give them in the portal; nothing of administration.
    MEMBER = "member"


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
    #: Ids of the applications that the account looks after; None for all, an empty list for none.
    applications: "models.JSONField[list[str] | None, list[str] | None]" = models.JSONField(
        null=True, blank=True
    )
    is_active = models.BooleanField(default=True)
    #: Since when an administrator keeps it from signing in. Its tokens go on, other than those of a disabled account.
    locked_at = models.DateTimeField(null=True, blank=True)
    #: When everything that it had was ended, the last time: what was given or begun before is worth nothing.
    ended_at = models.DateTimeField(null=True, blank=True)
    directory_user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="account"
    )
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Any] = Accounts()

    class Meta:
        db_table = "access_account"
        indexes: ClassVar[list[models.Index]] = [
            # whoever disables a person asks for the owners
            models.Index(fields=["role"], condition=models.Q(role="owner"), name="access_account_owners"),
        ]

    def __str__(self) -> str:
        return self.email

    def may_sign_in(self) -> bool:
        """Whether it is enabled (`is_enabled`), and nobody has locked it."""
        return self.locked_at is None and self.is_enabled()

    def is_enabled(self) -> bool:
        """Whether neither the account nor its directory user is disabled or deleted."""
        user = self.directory_user
        return self.is_active and (user is None or (user.active and user.deleted_at is None))


class Token(models.Model):
    """An API token: shown once, stored as its SHA-256. Its account, role and bounds never change."""

    class Use(models.TextChoices):
        """What a token may be used for, within its role."""

        ALL = "all"
        #: Reading, at both interfaces.
        READ = "read-only"
        #: The SCIM interface alone.
        SCIM = "scim-only"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    name = models.TextField()
    role = models.TextField(choices=Role.choices)
    use = models.TextField(choices=Use.choices, default=Use.ALL)
    #: Ids of the applications that it is for, within those of its account; None for all of those.
    applications: "models.JSONField[list[str] | None, list[str] | None]" = models.JSONField(
        null=True, blank=True
    )
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


class MagicLink(models.Model):
    """A link that signs in once. It is sent in clear and stored as its digest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="magic_links")
    digest = models.CharField(max_length=64, unique=True)
    #: Digest of what the browser that asked keeps in its session.
    browser = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_magic_link"

    def __str__(self) -> str:
        return f"{self.account_id} until {self.expires_at}"


class Session(AbstractBaseSession):
    """A session of the site: Django's own, with what its account is shown of it."""

    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="sessions")
    #: What names it in an address. The key is a digest, and stays here all the same.
    public_id = models.UUIDField(unique=True, editable=False)
    signed_in_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    address = models.GenericIPAddressField(null=True)
    browser = models.TextField(default="")
    #: Methods of `provisor.access.methods`, with a comma between them.
    methods = models.TextField(default="")

    class Meta:
        db_table = "access_session"

    @classmethod
    def get_session_store_class(cls) -> "type[SessionBase]":
        from provisor.access.session_store import SessionStore

        return SessionStore


class FailedSignIns(models.Model):
    """Wrong passwords and codes in a row, for one e-mail address from one source. Forgotten after a day."""

    #: Digest of both: strangers' addresses are not written down.
    key = models.CharField(primary_key=True, max_length=64)
    #: Digest of the e-mail address alone, so that an unlock finds all sources.
    email_key = models.CharField(max_length=64, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "access_failed_sign_ins"

    def __str__(self) -> str:
        return f"{self.failures} until {self.last_at}"


class SignInRules(models.Model):
    """What everybody who administers has to do to sign in: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    second_factor_required = models.BooleanField(default=False)

    class Meta:
        db_table = "access_sign_in_rules"

    def __str__(self) -> str:
        return "second factor required" if self.second_factor_required else "second factor optional"


class SignInProvider(models.Model):
    """The external OpenID Connect provider that administrators may sign in with: one row, or none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    #: What the button of the sign-in calls it.
    name = models.CharField(max_length=40)
    issuer = models.TextField()
    client_id = models.CharField(max_length=190)
    #: The client secret, sealed.
    secret = models.TextField()
    enabled = models.BooleanField(default=True)

    class Meta:
        db_table = "access_sign_in_provider"

    def __str__(self) -> str:
        return self.name


class Opening(models.Model):
    """The last time a person signed in to an application through Provisor, and by what. One row for the two."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="openings")
    #: An application of another room, which may be gone since.
    application_id = models.UUIDField()
    at = models.DateTimeField()
    #: Values of `provisor.access.methods.Method`, the strongest that counted.
    methods: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    policy_name = models.TextField(default="", blank=True)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "access_opening"
        constraints = [models.UniqueConstraint(fields=["user", "application_id"], name="access_opening_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.application_id}"


class RefusedOpening(models.Model):
    """When it was last put into the audit record that an application did not open for somebody, for one reason."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="refused_openings")
    #: An application of another room, which may be gone since.
    application_id = models.UUIDField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "access_refused_opening"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "application_id", "reason"], name="access_refused_opening_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.reason}"


class Letter(models.Model):
    """An e-mail of sign-in on its way, sealed for this row (R17): it may hold a code or a link. Sent, it is gone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: Which key-encryption key sealed it.
    key_id = models.TextField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    not_before = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "access_letter"

    def __str__(self) -> str:
        return f"letter of {self.created_at}"


class SigningKey(models.Model):
    """A private key that signs for single sign-on, sealed for this row (R17)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: Which key-encryption key sealed it.
    key_id = models.TextField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    #: When the last of what it signed is past; null while no other follows it.
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_signing_key"

    def __str__(self) -> str:
        return f"key that signs from {self.signs_from}"
