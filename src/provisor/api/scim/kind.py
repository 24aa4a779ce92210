"""What the interface needs to know of users, and of groups, to search and show them alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db.models import OrderBy, QuerySet

from provisor.api.scim.columns import Column
from provisor.api.scim.projection import Projection

#: Whether descending, to the order of the rows.
Order = Callable[[bool], OrderBy]


class Documents(Protocol):
    """Makes the SCIM documents of rows, in their order, with the made attributes that are wanted."""

    def __call__(self, rows: Sequence[Any], projection: Projection, base: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`User` or `Group`. `columns` and `orders` go by path in lower case, as `conditions.path_key` writes it."""

    name: str
    endpoint: str
    rows: "Callable[[], QuerySet[Any]]"
    columns: Mapping[str, Column]
    orders: Mapping[str, Order]
    documents: Documents

    def location(self, base: str, row_id: UUID | str) -> str:
        return f"{base}/{self.endpoint}/{row_id}"
