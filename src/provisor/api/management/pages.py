"""Pages of lists as OpenAPI describes them."""

from pydantic import Field

from provisor.api.management.shapes import (
    Access,
    Application,
    Attempt,
    AuditEntry,
    Hold,
    JournalEntry,
    Link,
    Notice,
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
    held: int = Field(description="How many operations of the application are held, on whatever page.")
    effects: str = Field(description="The hash of all their effects: what a decision about all is bound to.")


class AttemptPage(Page):
    items: list[Attempt]


class AuditPage(Page):
    items: list[AuditEntry]


class JournalPage(Page):
    items: list[JournalEntry]


class NoticePage(Page):
    items: list[Notice]


class AccessPage(Page):
    items: list[Access]


class ProfilePage(Page):
    items: list[Profile]
