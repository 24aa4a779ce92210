"""Documents of scans and findings as OpenAPI describes them."""

from typing import Any, Literal

from pydantic import Field

from provisor.api.management.pages import Page
from provisor.api.management.shapes import Id, Shape, Time

What = Literal["changed", "missing", "members", "unknown"]
Match = Literal["", "sure", "email", "ambiguous", "protected"]
State = Literal["open", "ignored", "corrected", "adopted", "removing", "removed", "gone"]


class Scan(Shape):
    id: Id
    application: Id
    trigger: Literal["request", "schedule"]
    state: Literal["requested", "running", "finished", "stopped"]
    requested_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    lists: dict[str, Any] = Field(
        description="By kind: complete, seen, total, and why nothing was concluded."
    )
    totals: dict[str, int] = Field(
        description="Pages, resources and findings, those beyond the cap included."
    )
    reason: str


class Finding(Shape):
    id: str
    application: Id
    kind: Literal["user", "group"]
    what: What
    remote_id: str
    link: str | None
    local_id: Id | None = Field(
        description="The user or group here; of an unknown one, whose it probably is."
    )
    match: Match
    name: str
    detail: dict[str, Any]
    digest: str = Field(description="Send it with an act, so that the act counts for just what was shown.")
    state: State
    reason: str
    found_at: Time | None
    seen_at: Time | None
    decided_at: Time | None
    decided_by: str


class FindingPage(Page):
    items: list[Finding]


class Shown(Shape):
    digest: str = Field("", description="The digest that was shown; another one by now is refused.")


class FindingAdoption(Shown):
    local_id: Id | None = Field(None, description="Whose it is; left out: the one that was found.")


class Removal(Shown):
    verb: Literal["deactivate", "delete"] = "deactivate"


class ManyDone(Shape):
    done: int
    refused: list[str]


class Reasserted(Shape):
    links: int = Field(
        description="How many accounts and groups are read again, and corrected where they differ."
    )
