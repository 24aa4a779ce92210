"""The documents of the interface as OpenAPI describes them. Requests are checked by the services, not by these."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Id = Annotated[str, Field(description="A UUID.", examples=["01a2099d-617c-7495-9291-922262505878"])]
Time = Annotated[str, Field(description="RFC 3339, UTC.", examples=["2026-11-23T10:00:00Z"])]
Secret = Annotated[str, Field(json_schema_extra={"writeOnly": True})]


class Shape(Schema):
    model_config = ConfigDict(extra="allow")


class Auth(Shape):
    """How Provisor presents itself. Which members there are depends on `method`; secrets are write-only."""

    method: Literal["bearer", "basic", "header", "oauth2_client_credentials"] = "bearer"
    token: Secret = ""
    username: str = ""
    password: Secret = ""
    name: str = ""
    value: Secret = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret = ""
    scope: str = ""


class AuthShown(Shape):
    method: str
    set: bool = Field(description="Whether secrets are stored. They are never given out.")


class UserSwitches(Shape):
    create: bool = True
    update: bool = True
    delete: bool = True


class GroupSwitches(UserSwitches):
    membership: bool = True


class Features(Shape):
    users: UserSwitches = UserSwitches()
    groups: GroupSwitches = GroupSwitches()
    roles: bool = False
    entitlements: bool = False


Verb = Literal["deactivate", "delete", "keep"]


class Deprovision(Shape):
    unassigned: Verb = "deactivate"
    disabled: Verb = "deactivate"
    deleted: Verb = "delete"


class MappingRule(Shape):
    target: str = Field(examples=['emails[type eq "work"].value'])
    kind: Literal["direct", "constant", "expression"] = "direct"
    source: str = ""
    value: Any = None
    default: Any = None
    apply: Literal["always", "create"] = "always"
    on_empty: Literal["clear", "keep", "default"] = "clear"
    reference: Literal["", "user"] = ""


class Mappings(Shape):
    users: list[MappingRule] = Field(default_factory=list)
    groups: list[MappingRule] = Field(default_factory=list)


class Matching(Shape):
    users: list[str] = Field(default_factory=list)
    groups: list[str] = Field(default_factory=list)


class Limits(Shape):
    rate: float | None = Field(None, description="Requests per second.")
    concurrency: int | None = None
    members_per_request: int | None = None
    bulk: Literal["auto", "off"] = "auto"


class Brake(Shape):
    count: int = 5
    percent: float = 5


class Drift(Shape):
    every: int | None = Field(None, description="Hours between two scans; null: only on demand.")
    on_difference: Literal["report", "correct"] = "report"
    on_match: Literal["report", "adopt"] = "report"


class ApplicationSettings(Shape):
    """What is left out comes from the profile, or stays as it is."""

    name: str = ""
    profile: str = "generic"
    base_url: str = ""
    features: Features = Features()
    deprovision: Deprovision = Deprovision()
    mappings: Mappings = Mappings()
    matching: Matching = Matching()
    limits: Limits = Field(default_factory=lambda: Limits(rate=None))
    brake: Brake = Brake()
    drift: Drift = Field(default_factory=lambda: Drift(every=None))
    mode: Literal["observe", "enforce"] = "enforce"
    delete_after_days: int | None = None
    exclusions: list[str] = Field(default_factory=list)
    launch_url: str = Field(
        "", description="Where people open the application in their browser, from the portal; empty: nowhere."
    )


class ApplicationChange(ApplicationSettings):
    auth: Auth = Auth()


class ApplicationNew(ApplicationChange):
    name: str
    base_url: str
    networks: list[str] = Field(
        default_factory=list,
        description="Private networks that are opened for it alone; for owners. Later: /connection/networks.",
    )


class Status(Shape):
    state: Literal["well", "paused", "refused", "misbehaving", "unreachable", "throttled"]
    reason: str
    last_contact: Time | None
    in_sync: int
    due: int
    waiting: int
    failed: int
    conflict: int
    held: int
    missing: int


class Application(ApplicationSettings):
    id: Id
    auth: AuthShown
    paused: bool
    paused_reason: str
    unverified: bool
    created_at: Time
    updated_at: Time
    status: Status


class PolicyChange(Shape):
    name: str = ""
    login_method: Literal["password", "passwordless", "magic_link"] = "password"
    second_factor: Literal["none", "totp", "passkey", "any"] = "none"
    push_group: bool = True
    scope: str = Field(
        "",
        description='A condition over the user in CEL, such as `user.userType == "Employee"`; empty: everybody.',
    )
    roles: list[str] = Field(default_factory=list)
    entitlements: list[str] = Field(default_factory=list)


class PolicyNew(PolicyChange):
    name: str
    application: Id
    group: Id


class Policy(PolicyNew):
    id: Id
    created_at: Time
    updated_at: Time


class Plan(Shape):
    """For everybody with `totals`, `held` and `next`; for one user or group with `in_scope` and `reason`."""

    operations: list[dict[str, Any]]
    totals: dict[str, int] = Field(default_factory=dict)
    held: int = 0
    next: str | None = None
    in_scope: bool = True
    reason: str = ""


class ExplainedStep(Shape):
    """One link of the chain. `missing`: it breaks here; `way`: steps of one number lead from a membership to a policy."""

    text: str
    at: Time | None
    actor: str
    did: str
    subjects: list[dict[str, str]]
    missing: bool
    mend: str
    way: int


class Explained(Shape):
    granted: bool
    has_account: bool
    steps: list[ExplainedStep]
    plan: Plan


class Steps(Shape):
    steps: list[dict[str, Any]]


class ProvisionWhom(Shape):
    """One of the two: the id of a user or of a group."""

    user: Id = ""
    group: Id = ""


class Pause(Shape):
    reason: str = ""


class Adoption(Shape):
    remote_id: str | None = Field(
        None, description="The id in the application; left out: the one that was found."
    )


class Release(Shape):
    effect: str | None = Field(
        None,
        description="The `effect` that was shown, unless If-Match names it; another one by now is refused.",
    )


class ReleaseAll(Shape):
    effects: str | None = Field(
        None,
        description="The `effects` of the list that was shown, unless If-Match names it; others by now are refused.",
    )


class HoldsDecided(Shape):
    done: int
    left: int = Field(description="Those that the caller caused: another account has to release them.")
    reasons: list[str]


class Link(Shape):
    id: str
    application: Id
    kind: Literal["user", "group"]
    local_id: Id
    name: str
    remote_id: str | None
    origin: str
    in_scope: bool
    cause: str
    state: str
    reason: str
    attempts: int
    not_before: Time | None
    changed_at: Time | None


class Hold(Shape):
    id: Id
    application: Id
    link: str
    kind: str | None = Field(description="Null, as `local_id` is, once the link is gone.")
    local_id: Id | None
    user: Id | None
    act: str
    cause: str
    effect: str
    state: str
    reason: str
    held_at: Time | None
    entry: str | None = Field(description="The journal entry of the change that caused it.")
    caused_by: str = Field(description="Who made that change, and so does not release it alone.")
    decided_at: Time | None
    decided_by: str
    expires_at: Time | None = Field(
        description="Of a released one: when it is held again, unless it is carried out."
    )
    note: str


class Access(Shape):
    """One account that was live on the day. `to` is null while it is live still."""

    application: Id
    application_name: str
    user: Id
    user_name: str
    remote_id: str
    from_: Time = Field(alias="from")
    from_cause: str
    to: Time | None
    to_cause: str


class Run(Shape):
    id: Id
    application: Id
    trigger: str
    state: Literal["requested", "running", "finished", "stopped"]
    requested_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    totals: dict[str, int]
    reason: str


class Attempt(Shape):
    id: str
    application: Id
    link: str | None
    run: Id | None
    local_id: Id | None
    cause: str | None = Field(description="The journal entry that caused it.")
    at: Time | None
    act: str
    method: str
    path: str
    status: int | None
    milliseconds: float
    request: str
    response: str
    reason: str


class AuditEntry(Shape):
    id: str
    at: Time
    actor: dict[str, str]
    act: str
    subject: dict[str, str]
    before: Any = None
    after: Any = None
    digest: str


class JournalEntry(Shape):
    id: str
    at: Time
    event: str
    actor: str
    subject_id: Id
    detail: dict[str, Any]


class NoticeDelivery(Shape):
    channel: str
    state: str
    attempts: int
    outcome: str


class Notice(Shape):
    id: Id
    event: str
    phase: str
    application: Id | None
    at: Time
    title: str
    message: str
    detail: dict[str, Any]
    deliveries: list[NoticeDelivery]


class Profile(Shape):
    id: str
    name: str
    vendor: str
    summary: str
    documentation: str
    base_url_hint: str
    auth_methods: list[str]
    notes: list[str]


class ProblemDocument(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = Field(default_factory=list)
