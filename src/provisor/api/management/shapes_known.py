"""What is known of an application, and what was found by asking it, as OpenAPI describes it."""

from typing import Any, Literal

from pydantic import Field

from provisor.api.management.shapes import Shape, Time


class Check(Shape):
    name: str
    ok: bool
    level: str
    message: str


class ListedAttribute(Shape):
    """One attribute as the application lists it (RFC 7643, 7). `path` names no element of a list."""

    path: str = Field(examples=["emails.value"])
    type: str
    multi_valued: bool
    required: bool
    mutability: Literal["readOnly", "readWrite", "immutable", "writeOnly"]
    canonical_values: list[str]


class ListedResource(Shape):
    attributes: list[ListedAttribute]
    required_extensions: list[str]
    left_out: int = Field(description="Attributes beyond those that are kept.")


class Listed(Shape):
    """Null for a kind of which nothing was to be read."""

    users: ListedResource | None
    groups: ListedResource | None


class MappingAdvice(Shape):
    mapping: Literal["users", "groups"]
    target: str
    sentence: str


class Attributes(Listed):
    """What the application lists of itself, as it was last read; `at` is null when it never was."""

    at: Time | None
    origin: str = Field(description="What had it read.")
    advice: list[MappingAdvice] = Field(
        description="What of the mapping does not fit; nothing of it is refused for that."
    )


class ProfileChange(Shape):
    """What another profile would change. PATCH the application with it, and with those settings that are wanted."""

    profile: str
    facts: list[dict[str, Any]]
    settings: dict[str, list[dict[str, Any]]]
    rules: dict[str, list[dict[str, Any]]]


class ConnectionTest(Shape):
    """`ok` is false only if provisioning cannot work. `attributes` is null where none were to be read."""

    ok: bool
    checks: list[Check]
    attributes: Listed | None = None
