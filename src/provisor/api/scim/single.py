"""What users and groups have in common when one of them is asked for: found, conditional, shown."""

from typing import Any

from django.http import HttpResponse

from provisor.api.entity_tags import entity_tag, names_version
from provisor.api.scim import answers
from provisor.api.scim.columns import read_id
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.kind import Kind
from provisor.api.scim.projection import Projection
from provisor.api.scim.search_request import projection_of


def find(kind: Kind, given: str) -> Any:
    """The row with this id. Raises `ScimError` 404."""
    row_id = read_id(given)
    row = None if row_id is None else kind.rows().filter(pk=row_id).first()
    if row is None:
        raise answers.missing(kind.name.lower(), given)
    return row


def require_match(exchange: Exchange, row: Any) -> None:
    """Raise `ScimError` 412 when `If-Match` names other versions than the row's (RFC 7644, 3.14)."""
    stated = exchange.request.headers.get("If-Match", "")
    if stated.strip() and not names_version(stated, row.version):
        raise answers.precondition_failed(exchange)


def show(
    kind: Kind, exchange: Exchange, row: Any, projection: Projection, *, status: int = 200
) -> HttpResponse:
    """The row as an answer. A write reads `projection` before it begins: what is wrong with it is no half success."""
    body = projection.apply(kind.documents([row], projection, exchange.base)[0])
    location = kind.location(exchange.base, row.id)
    return answers.resource(body, tag=entity_tag(row.version), location=location, status=status)


def get(kind: Kind, exchange: Exchange, given: str) -> HttpResponse:
    projection = projection_of(exchange)
    row = find(kind, given)
    known = exchange.request.headers.get("If-None-Match", "")
    if known.strip() and names_version(known, row.version):
        return answers.empty(304, tag=entity_tag(row.version))
    return show(kind, exchange, row, projection)
