"""The documents of single sign-on as OpenAPI describes them."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from provisor.api.management.bodies import Body
from provisor.api.management.shapes import Shape, Time


class Claim(Shape):
    """A rule as in a mapping, with the name of a claim. `groups` gives the names of the person's groups."""

    claim: str = Field(examples=["email"])
    kind: Literal["direct", "constant", "expression", "groups"] = "direct"
    source: str = ""
    value: Any = None
    default: Any = None
    on_empty: Literal["clear", "default"] = "clear"


class SingleSignOnChange(Shape):
    redirect_uris: list[str] = Field(
        default_factory=list, description="Compared letter by letter. Needed at first."
    )
    claims: list[Claim] = Field(
        default_factory=list, description="What the application is told; left out at first, the usual ones."
    )


class SingleSignOn(SingleSignOnChange):
    client_id: str
    secret_at: Time


class SingleSignOnSecret(SingleSignOn):
    client_secret: str | None = Field(
        description="Shown this once, when it is new; null otherwise. It is kept as a hash."
    )


class SingleSignOnBody(Body):
    described_by: ClassVar[type[Shape]] = SingleSignOnChange
