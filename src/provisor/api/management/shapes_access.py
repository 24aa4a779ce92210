"""Accounts and tokens as OpenAPI describes them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from provisor.api.management.pages import Page
from provisor.api.management.shapes import Id, Shape, Time

Role = Literal["owner", "application-administrator", "approver", "help-desk", "auditor"]
Use = Literal["all", "read-only", "scim-only"]
#: The ids of applications; null for all.
Bounds = Annotated[
    list[Id] | None, Field(description="Ids of applications; null for all, an empty list for none.")
]


class Account(Shape):
    id: Id
    email: str
    name: str
    role: Role | Literal["member"]
    applications: Bounds
    active: bool
    can_sign_in: bool
    created_at: Time
    last_sign_in: Time | None


class AccountPage(Page):
    items: list[Account]


class RightsBody(Shape):
    """What is left out stays. Anything else of an account is not changed here."""

    model_config = ConfigDict(extra="forbid")

    role: Role | Literal["member"] | None = None
    applications: list[UUID] | None = None


class Token(Shape):
    id: Id
    name: str
    begins_with: str
    account: Id
    role: Role
    use: Use
    applications: Bounds
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None
    revoked_at: Time | None


class TokenIssued(Token):
    token: str = Field(description="The token itself. It is not shown again.")


class TokenPage(Page):
    items: list[Token]


class TokenNew(Shape):
    """A new token. Its account is one's own, unless an owner names another."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role
    use: Use = "all"
    applications: list[UUID] | None = None
    expires_at: AwareDatetime | None = None
    account: str | None = None
