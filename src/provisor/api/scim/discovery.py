"""What the interface says of itself: ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644, 4; RFC 9865, 4)."""

from typing import Any, Final

from django.http import HttpResponse

from provisor.api.scim import answers
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.schema_documents import all_schemas
from provisor.api.scim.search_request import COUNT_LIMIT, DEFAULT_COUNT
from provisor.directory.schema import ResourceSchema, group_schema, user_schema
from provisor.scim.errors import ScimError

_CONFIG_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_PAGINATION: Final = {
    "cursor": True,
    "index": True,
    "defaultPaginationMethod": "index",
    "defaultPageSize": DEFAULT_COUNT,
    "maxPageSize": COUNT_LIMIT,
}
_BEARER: Final = {
    "type": "oauthbearertoken",
    "name": "Bearer token",
    "description": "An API token of Provisor in the header Authorization (RFC 6750).",
    "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
    "primary": True,
}


def service_provider_config(exchange: Exchange) -> HttpResponse:
    """Answered without a token: it says how to present one (RFC 7643, section 5)."""
    _refuse_filter(exchange)
    return answers.document(
        {
            "schemas": [_CONFIG_SCHEMA],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": COUNT_LIMIT},
            "changePassword": {"supported": False},
            "sort": {"supported": True},
            "etag": {"supported": True},
            "pagination": _PAGINATION,
            "authenticationSchemes": [_BEARER],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{exchange.base}/ServiceProviderConfig",
            },
        }
    )


def list_resource_types(exchange: Exchange) -> HttpResponse:
    _refuse_filter(exchange)
    return answers.document(answers.whole_list(_resource_types(exchange.base)))


def get_resource_type(exchange: Exchange, name: str) -> HttpResponse:
    _refuse_filter(exchange)
    return _named(_resource_types(exchange.base), name, "resource type")


def list_schemas(exchange: Exchange) -> HttpResponse:
    _refuse_filter(exchange)
    return answers.document(answers.whole_list(all_schemas(exchange.base)))


def get_schema(exchange: Exchange, urn: str) -> HttpResponse:
    _refuse_filter(exchange)
    return _named(all_schemas(exchange.base), urn, "schema")


def _named(documents: list[dict[str, Any]], wanted: str, noun: str) -> HttpResponse:
    for document in documents:
        if document["id"].lower() == wanted.lower():
            return answers.document(document)
    raise answers.missing(noun, wanted)


def _refuse_filter(exchange: Exchange) -> None:
    """RFC 7644, section 4: a filter here is answered with 403."""
    if exchange.query("filter") is not None:
        raise ScimError(
            403, detail="What the interface says of itself cannot be filtered (RFC 7644, section 4)."
        )


def _resource_types(base: str) -> list[dict[str, Any]]:
    return [
        _resource_type("User", "/Users", "A person.", user_schema(), base),
        _resource_type("Group", "/Groups", "A set of users, and of groups inside it.", group_schema(), base),
    ]


def _resource_type(
    name: str, endpoint: str, description: str, schema: ResourceSchema, base: str
) -> dict[str, Any]:
    extensions = [{"schema": urn, "required": False} for urn, _ in schema.extensions.values()]
    return {
        "schemas": [_TYPE_SCHEMA],
        "id": name,
        "name": name,
        "endpoint": endpoint,
        "description": description,
        "schema": schema.urn,
        "schemaExtensions": extensions,
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
    }
