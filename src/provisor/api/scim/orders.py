"""The orders in which a list can be asked of the database (RFC 7644, 3.4.2.3)."""

from django.db.models import F, OrderBy, Value
from django.db.models.functions import Lower, NullIf

from provisor.api.scim.kind import Order


def plain(field: str) -> Order:
    """The order of a column that always has a value."""
    return lambda descending: F(field).desc() if descending else F(field).asc()


def text(field: str, *, caseless: bool = False) -> Order:
    """The order of a text column, in which the empty text is no value: last, or first when descending."""

    def order(descending: bool) -> OrderBy:
        key = NullIf(Lower(field) if caseless else F(field), Value(""))
        return key.desc(nulls_first=True) if descending else key.asc(nulls_last=True)

    return order
