"""The discovery documents of the lab target (RFC 7643 5 to 7), which tell the truth about its options."""

from typing import Any

from tests.lab.answers import LIST, Refusal, Reply, html
from tests.lab.attributes import ENTERPRISE, GROUP, MULTI_VALUED, USER
from tests.lab.options import Discovery, Filtering, LabOptions

Document = dict[str, Any]
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

_USER_STRINGS = (
    "userName",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "externalId",
)
_NAME_PARTS = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_ENTERPRISE_STRINGS = ("employeeNumber", "costCenter", "organization", "division", "department")


def configuration(name: str, options: LabOptions) -> Document | Reply:
    """The service provider configuration, asked for by either of its two names; raises Refusal 404."""
    if options.discovery is Discovery.HTML:
        return html(200)
    right = "ServiceProviderConfigs" if options.discovery is Discovery.PLURAL else "ServiceProviderConfig"
    if options.discovery is Discovery.ABSENT or name != right:
        raise Refusal(404, f"There is no /{name}.")
    return _configuration(options)


def _configuration(options: LabOptions) -> Document:
    document: Document = {
        "schemas": [_CONFIG],
        "patch": {"supported": options.patch},
        "bulk": {
            "supported": options.bulk,
            "maxOperations": options.bulk_operations,
            "maxPayloadSize": options.bulk_payload,
        },
        "filter": {"supported": options.filter is Filtering.WORKS, "maxResults": options.page_cap},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": options.etag},
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token"}
        ],
    }
    if options.cursor:
        document["pagination"] = {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": options.page_size,
            "maxPageSize": options.page_cap,
        }
    return document


def resource_types(options: LabOptions) -> Document:
    """The list of resource types."""
    extension = [{"schema": ENTERPRISE, "required": False}]
    found = [_resource_type("User", "/Users", USER, extension)]
    if options.groups:
        found.append(_resource_type("Group", "/Groups", GROUP, []))
    return listing(found)


def schemas(options: LabOptions) -> Document:
    """The list of schemas."""
    found = [_user_schema(), _enterprise_schema()]
    if options.groups:
        found.append(_group_schema())
    return listing(found)


def listing(resources: list[Document]) -> Document:
    """A ListResponse that holds everything."""
    return {
        "schemas": [LIST],
        "totalResults": len(resources),
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _resource_type(name: str, endpoint: str, schema: str, extensions: list[Document]) -> Document:
    document = {"schemas": [_RESOURCE_TYPE], "id": name, "name": name, "endpoint": endpoint, "schema": schema}
    return {**document, "schemaExtensions": extensions}


def _schema(urn: str, name: str, attributes: list[Document]) -> Document:
    return {"schemas": [_SCHEMA], "id": urn, "name": name, "description": name, "attributes": attributes}


def _attribute(
    name: str, kind: str = "string", *, parts: tuple[str, ...] = (), required: bool = False
) -> Document:
    document: Document = {
        "name": name,
        "type": "complex" if parts else kind,
        "multiValued": name.casefold() in MULTI_VALUED,
        "required": required,
        "caseExact": name in ("id", "externalId"),
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "server" if name == "userName" else "none",
    }
    if parts:
        document["subAttributes"] = [
            _attribute(part, "boolean" if part == "primary" else "string") for part in parts
        ]
    return document


def _user_schema() -> Document:
    element = ("value", "display", "type", "primary")
    attributes = [_attribute(name, required=name == "userName") for name in _USER_STRINGS]
    attributes += [_attribute("active", "boolean"), _attribute("name", parts=_NAME_PARTS)]
    attributes += [
        _attribute(name, parts=element) for name in ("emails", "phoneNumbers", "roles", "entitlements")
    ]
    address = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary")
    return _schema(USER, "User", [*attributes, _attribute("addresses", parts=address)])


def _enterprise_schema() -> Document:
    attributes = [_attribute(name) for name in _ENTERPRISE_STRINGS]
    return _schema(
        ENTERPRISE, "EnterpriseUser", [*attributes, _attribute("manager", parts=("value", "displayName"))]
    )


def _group_schema() -> Document:
    members = _attribute("members", parts=("value", "$ref", "type", "display"))
    return _schema(
        GROUP, "Group", [_attribute("displayName", required=True), _attribute("externalId"), members]
    )
