"""Pages of lists as OpenAPI describes them."""

from pydantic import Field

from provisor.api.management.shapes import (
    Application,
    Attempt,
    AuditEntry,
    Hold,
    JournalEntry,
    Link,
    Policy,
    Profile,
    Shape,
)


class Page(Shape):
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class ApplicationPage(Page):
    items: list[Application]


class PolicyPage(Page):
    items: list[Policy]


class LinkPage(Page):
    items: list[Link]


class HoldPage(Page):
    items: list[Hold]


class AttemptPage(Page):
    items: list[Attempt]


class AuditPage(Page):
    items: list[AuditEntry]


class JournalPage(Page):
    items: list[JournalEntry]


class ProfilePage(Page):
    items: list[Profile]
