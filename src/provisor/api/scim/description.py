"""The SCIM interface as OpenAPI 3.1 describes it, made of its own table of routes and its own schemas.

SCIM describes itself at /Schemas and /ResourceTypes; this is the same for tools that read OpenAPI.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from provisor.api.scim.schema_documents import all_schemas
from provisor.api.scim.urls import ANYWHERE, ROUTES
from provisor.scim.schemas import (
    ERROR_SCHEMA,
    LIST_RESPONSE_SCHEMA,
    PATCH_SCHEMA,
    SEARCH_REQUEST_SCHEMA,
)

_MEDIA: Final = "application/scim+json"
_TYPES: Final = {"string": "string", "boolean": "boolean", "integer": "integer", "decimal": "number"}
_QUERY: Final = {
    "filter": "string", "attributes": "string", "excludedAttributes": "string", "sortBy": "string",
    "sortOrder": "string", "startIndex": "integer", "count": "integer", "cursor": "string",
}  # fmt: skip
#: Errors of every operation; then those of one resource, and those of bodies.
_ALWAYS: Final = (400, 401, 403)
_OF_ONE: Final = (404, 412)
_OF_BODIES: Final = (409, 413, 415)
_REASONS: Final = {
    400: "Something in the request cannot be read.",
    401: "A valid token is needed.",
    403: "The role of the token does not allow it.",
    404: "There is no such resource.",
    409: "It is there already.",
    412: "It is another version by now.",
    413: "The body is too large.",
    415: "The format of the body is not read.",
    501: "Provisor does not offer this.",
}


def scim_description() -> dict[str, Any]:
    """The description, with the custom attributes that are declared now."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Provisor directory (SCIM 2.0)", "version": "2.0"},
        "servers": [{"url": "/scim/v2"}],
        "security": [{"bearer": []}],
        "paths": {
            _path(route.path): _operations(route.path, route.operations)
            for route in ROUTES
            if _shown(route.path)
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _shown(path: str) -> bool:
    """The root without its slash is the same address, and `ANYWHERE` is none."""
    return path not in {ANYWHERE.path, ""}


def _path(path: str) -> str:
    return re.sub(r"<str:(\w+)>", r"{\1}", path)


def _operations(path: str, operations: Mapping[str, Any]) -> dict[str, Any]:
    return {method.lower(): _operation(path, method) for method in operations}


def _operation(path: str, method: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": _name(path, method),
        "parameters": [*_in_path(path), *_in_query(path, method)],
        "responses": _responses(path, method),
    }
    body = _body(path, method)
    if body:
        content = {_MEDIA: {"schema": body}}
        shown["requestBody"] = {"required": True, "content": content}
    return shown


def _name(path: str, method: str) -> str:
    words = re.findall(r"\w+", _path(path)) or ["all"]
    return "_".join([method.lower(), *(word.lower() for word in words)])


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"<str:(\w+)>", path)
    ]


def _in_query(path: str, method: str) -> list[dict[str, Any]]:
    if method != "GET" or path not in {"/", "/Users", "/Groups"}:
        return []
    return [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in _QUERY.items()]


def _body(path: str, method: str) -> dict[str, Any]:
    if path.endswith("/.search"):
        return _reference("SearchRequest")
    if method == "PATCH":
        return _reference("PatchOp")
    return _reference(_kind(path)) if method in {"POST", "PUT"} and _kind(path) else {}


def _kind(path: str) -> str:
    """The resource that an address is about, or "" for those about none."""
    return {"Users": "User", "Groups": "Group"}.get(path.split("/")[1], "") if path != "/" else ""


def _responses(path: str, method: str) -> dict[str, Any]:
    if path in {"/Me", "/Bulk"}:
        return _errors((401, 403, 501))
    errors = [
        *_ALWAYS,
        *(_OF_ONE if "<" in path else ()),
        *(_OF_BODIES if method in {"POST", "PUT", "PATCH"} else ()),
    ]
    return {**_success(path, method), **_errors(errors)}


def _success(path: str, method: str) -> dict[str, Any]:
    if method == "DELETE":
        return {"204": {"description": "It is deleted."}}
    listed = "<" not in path and (method == "GET" or path.endswith("/.search"))
    name = (
        "ListResponse"
        if listed and path != "/ServiceProviderConfig"
        else (f"Returned{_kind(path)}" if _kind(path) else "Resource")
    )
    created = method == "POST" and not listed
    answers = {"201" if created else "200": {"description": "Done.", "content": _content(name)}}
    if method == "GET" and _kind(path) and not listed:
        answers["304"] = {"description": "It is still the version that is known (If-None-Match)."}
    return answers


def _errors(statuses: Iterable[int]) -> dict[str, Any]:
    return {str(each): {"description": _REASONS[each], "content": _content("Error")} for each in statuses}


def _content(name: str) -> dict[str, Any]:
    return {_MEDIA: {"schema": _reference(name)}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    documents = {each["id"]: each for each in all_schemas("")}
    resources: dict[str, Any] = {}
    for name in ("User", "Group"):
        core = next(each for urn, each in documents.items() if urn.endswith(f":core:2.0:{name}"))
        extensions = {
            urn: _object(each["attributes"])
            for urn, each in documents.items()
            if ":core:" not in urn and name == "User"
        }
        written = _object(core["attributes"]) | {"required": ["schemas", _named(name)]}
        written["properties"] |= {
            "schemas": _strings(core["id"]),
            "externalId": {"type": "string"},
            **extensions,
        }
        resources[name] = written
        resources[f"Returned{name}"] = {**written, "required": ["schemas", "id"]}
    return {**resources, **_MESSAGES}


def _named(name: str) -> str:
    return "userName" if name == "User" else "displayName"


def _object(attributes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "object", "properties": {each["name"]: _attribute(each) for each in attributes}}


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    parts = attribute.get("subAttributes")
    shown: dict[str, Any] = _object(parts) if parts else {"type": _TYPES.get(attribute["type"], "string")}
    if attribute["multiValued"]:
        shown = {"type": "array", "items": shown}
    return shown | ({"readOnly": True} if attribute["mutability"] == "readOnly" else {})


def _strings(*needed: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "contains": {"enum": list(needed)}}


_RESOURCE: Final = {
    "type": "object",
    "required": ["schemas"],
    "properties": {"schemas": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
}
_OPERATION: Final = {
    "type": "object",
    "required": ["op"],
    "properties": {"op": {"enum": ["add", "remove", "replace"]}, "path": {"type": "string"}, "value": {}},
}
_MESSAGES: Final[dict[str, Any]] = {
    "Resource": _RESOURCE,
    "ListResponse": {
        "type": "object",
        "required": ["schemas", "totalResults"],
        "properties": {
            "schemas": _strings(LIST_RESPONSE_SCHEMA),
            "totalResults": {"type": "integer", "minimum": 0},
            "itemsPerPage": {"type": "integer", "minimum": 0},
            "startIndex": {"type": "integer", "minimum": 1},
            "nextCursor": {"type": "string"},
            "Resources": {"type": "array", "items": _RESOURCE},
        },
    },
    "Error": {
        "type": "object",
        "required": ["schemas", "status", "detail"],
        "properties": {
            "schemas": _strings(ERROR_SCHEMA),
            "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
            "scimType": {"type": "string"},
            "detail": {"type": "string", "minLength": 1},
        },
    },
    "PatchOp": {
        "type": "object",
        "required": ["schemas", "Operations"],
        "properties": {
            "schemas": _strings(PATCH_SCHEMA),
            "Operations": {"type": "array", "minItems": 1, "items": _OPERATION},
        },
    },
    "SearchRequest": {
        "type": "object",
        "required": ["schemas"],
        "properties": {
            "schemas": _strings(SEARCH_REQUEST_SCHEMA),
            **{name: {"type": kind} for name, kind in _QUERY.items() if not name.endswith("ttributes")},
            "attributes": {"type": "array", "items": {"type": "string"}},
            "excludedAttributes": {"type": "array", "items": {"type": "string"}},
        },
    },
}
