"""Tables of the applications room: what Provisor writes to, and which groups may have it."""

from typing import Any

from django.db import models
from django.db.models import Q

from provisor.directory.models import Group
from provisor.identifiers import uuid7


class Application(models.Model):
    """A SCIM service provider that Provisor writes to, as the administrator has configured it."""

    class Mode(models.TextChoices):
        OBSERVE = "observe"
        ENFORCE = "enforce"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.TextField()
    name_key = models.TextField()
    profile = models.TextField(default="generic")
    base_url = models.TextField()
    auth_method = models.TextField(default="bearer")
    mode = models.TextField(choices=Mode.choices, default=Mode.ENFORCE)
    paused = models.BooleanField(default=False)
    paused_reason = models.TextField(default="", blank=True)
    #: `{users: {create, update, delete}, groups: {create, update, delete, membership}, roles, entitlements}`
    features: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: The table of causes: `{unassigned, disabled, deleted}` to `deactivate`, `delete` or `keep`.
    deprovision: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)
    #: `{users: [rule], groups: [rule]}`, as `provisor.mapping` reads them.
    mappings: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: `{users: [path], groups: [path]}`: the attributes that find an existing resource, in order.
    matching: "models.JSONField[dict[str, list[str]], dict[str, list[str]]]" = models.JSONField(default=dict)
    #: `{rate, concurrency, members_per_request}`; a null leaves it to the profile.
    limits: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    #: `{count, percent}`
    brake: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    delete_after_days = models.PositiveIntegerField(null=True, blank=True)
    #: `{every, on_difference, on_match}`: when the whole of it is read, and what follows (`shapes.DRIFT`).
    drift: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    exclusions: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    #: Where people open it in the browser; empty: nowhere.
    launch_url = models.TextField(default="", blank=True)
    #: Counts up when a pass takes the application: a worker with an older one may not record.
    epoch = models.PositiveBigIntegerField(default=0)
    #: Links must be read back before the first write, after the base URL changed.
    unverified = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "applications_application"
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(deleted_at__isnull=True), name="applications_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """A secret of an application, encrypted for exactly this row (R17). Two slots: rotation without a gap."""

    class Slot(models.TextChoices):
        PRIMARY = "primary"
        SECONDARY = "secondary"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="credentials")
    slot = models.TextField(choices=Slot.choices, default=Slot.PRIMARY)
    #: Which key-encryption key sealed it.
    key_id = models.TextField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "applications_credential"
        constraints = [
            models.UniqueConstraint(fields=["application", "slot"], name="applications_credential_once")
        ]


class ConnectionSettings(models.Model):
    """What connections to one application need beside address and credential. No row: nothing special."""

    application = models.OneToOneField(
        Application, primary_key=True, on_delete=models.CASCADE, related_name="connection_settings"
    )
    #: Private networks that an owner has opened for this application alone, in CIDR form.
    networks: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    #: PEM of certificate authorities that are trusted beside those of the system.
    authorities = models.TextField(default="", blank=True)
    #: PEM of the certificate that Provisor shows, with its chain; the key is sealed for this row (R17).
    client_certificate = models.TextField(default="", blank=True)
    key_id = models.TextField(default="", blank=True)
    sealed = models.BinaryField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "applications_connection"

    def __str__(self) -> str:
        return f"connection of {self.application_id}"


class Capability(models.Model):
    """A fact about what an application can do. Profile < probe < administrator; a failed probe is no fact (R15)."""

    class Origin(models.TextChoices):
        PROBE = "probe"
        ADMINISTRATOR = "administrator"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="capabilities")
    #: A name of `provisor.scim.capabilities.FACTS`.
    name = models.TextField()
    origin = models.TextField(choices=Origin.choices)
    value: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    #: What was seen: the request, the status, the sentence of the document.
    evidence = models.TextField(default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "applications_capability"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name", "origin"], name="applications_capability_once"
            )
        ]


class ApplicationSchema(models.Model):
    """The attributes that an application lists of its users and groups, as they were last read from it."""

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="schema"
    )
    #: As `provisor.scim.announced_schema` writes it: capped there, so a hostile list stays small here.
    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    #: What had it read: a test of the connection, a pass, a person in the mapping editor.
    origin = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "applications_schema"

    def __str__(self) -> str:
        return f"attributes of {self.application_id}"


class SingleSignOn(models.Model):
    """How an application signs people in by OpenID Connect: its client of django-allauth's provider, and its claims."""

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="single_sign_on"
    )
    #: Holds id, hashed secret and redirect addresses.
    client = models.OneToOneField("allauth_idp_oidc.Client", on_delete=models.CASCADE, related_name="+")
    #: Rules as `provisor.mapping.claims` reads them.
    claims: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    secret_at = models.DateTimeField()

    class Meta:
        db_table = "applications_single_sign_on"

    def __str__(self) -> str:
        return f"single sign-on of {self.application_id}"


class Policy(models.Model):
    """Grants one application to one group, with a login method."""

    class LoginMethod(models.TextChoices):
        PASSWORD = "password"  # noqa: S105 - the name of a method
        PASSWORDLESS = "passwordless"
        MAGIC_LINK = "magic_link"

    class SecondFactor(models.TextChoices):
        NONE = "none"
        TOTP = "totp"
        PASSKEY = "passkey"
        ANY = "any"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.TextField()
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="policies")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    login_method = models.TextField(choices=LoginMethod.choices, default=LoginMethod.PASSWORD)
    second_factor = models.TextField(choices=SecondFactor.choices, default=SecondFactor.NONE)
    #: The group itself becomes a group in the application. Off for Everyone unless asked for.
    push_group = models.BooleanField(default=True)
    #: A condition over the user (CEL); only whom it lets in is brought. Empty: everybody in the group.
    scope = models.TextField(default="", blank=True)
    roles: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    entitlements: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "applications_policy"
        constraints = [
            models.UniqueConstraint(fields=["application", "group"], name="applications_policy_once")
        ]

    def __str__(self) -> str:
        return self.name
