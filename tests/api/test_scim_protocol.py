"""The SCIM interface as a protocol: who may call, what it says of itself, and how it refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from provisor.access.models import Role
from provisor.access.permissions import Permission
from provisor.api.scim.urls import ROUTES
from provisor.audit.actor import SYSTEM
from tests.api.conftest import Caller

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def is_scim_error(answer: Any, status: int, scim_type: str | None = None) -> bool:
    body = answer.body
    return (
        answer.status == status
        and body["schemas"] == [ERROR]
        and body["status"] == str(status)
        and body["detail"].endswith((".", ")"))
        and answer.headers["Content-Type"] == "application/scim+json"
        and (scim_type is None or body.get("scimType", "") == scim_type)
    )


def test_without_a_token_nothing_but_the_configuration_is_answered(db: None) -> None:
    """Every route but ServiceProviderConfig answers 401 with a challenge (RFC 6750, 3)."""
    stranger = Caller("", "/scim/v2")
    for path in ("/Users", "/Groups", "/Schemas", "/ResourceTypes", "/Me", "/nothing", "/Users/x"):
        answer = stranger("GET", path)
        assert is_scim_error(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert stranger("GET", "/ServiceProviderConfig").status == 200


def test_a_bad_token_is_told_apart_from_none_by_the_challenge_only(db: None) -> None:
    """A token that is unknown, too long or no token at all is answered alike."""
    for token in ("prv_x", "x" * 5000, "prv_" + "0" * 43):
        answer = Caller(token, "/scim/v2")("GET", "/Users")
        assert is_scim_error(answer, 401)
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_every_route_has_a_permission_and_only_the_configuration_is_public() -> None:
    """The inventory of routes: deny by default, and one known exception."""
    public = [
        (route.path, method)
        for route in ROUTES
        for method, operation in route.operations.items()
        if operation.permission is None
    ]
    assert public == [("/ServiceProviderConfig", "GET")]


def test_writing_methods_need_the_right_to_manage_the_directory() -> None:
    """No method that changes users or groups is open to readers."""
    for route in ROUTES:
        if route.path.startswith(("/Users", "/Groups")) and not route.path.endswith(".search"):
            for method, operation in route.operations.items():
                expected = Permission.READ if method == "GET" else Permission.MANAGE_DIRECTORY
                assert operation.permission is expected


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.HELP_DESK, Role.APPROVER])
def test_a_role_that_may_only_read_is_refused_a_write(token_of: Callable[[str], str], role: str) -> None:
    """403 with a sentence that names the role and the permission."""
    caller = Caller(token_of(role), "/scim/v2")
    assert caller("GET", "/Users").status == 200
    answer = caller("POST", "/Users", {"userName": "bj"})
    assert is_scim_error(answer, 403)
    assert role in answer.body["detail"]


def test_unknown_addresses_and_methods_are_scim_errors(scim: Caller) -> None:
    """404 and 405 speak SCIM, too; 405 says what works."""
    assert is_scim_error(scim("GET", "/Nothing"), 404)
    assert is_scim_error(scim("POST", "/Users/x/y"), 404)
    answer = scim("DELETE", "/Users")
    assert is_scim_error(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


def test_me_and_bulk_are_announced_as_missing(scim: Caller) -> None:
    """501, as RFC 7644, 3.11 and 3.7 allow, and the configuration agrees."""
    assert is_scim_error(scim("GET", "/Me"), 501)
    assert is_scim_error(scim("POST", "/Bulk", {"Operations": []}), 501)
    assert scim("GET", "/ServiceProviderConfig").body["bulk"]["supported"] is False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"a": NaN}',
        b"\xff",
        b'{"userName": "a\\u0000"}',
        b"[" * 5000,
        b'{"a":1e999}',
    ],
)
def test_what_is_no_json_object_is_invalid_syntax(scim: Caller, body: bytes) -> None:
    """400 invalidSyntax for broken JSON, other JSON, and JSON that cannot be stored."""
    assert is_scim_error(scim("POST", "/Users", body), 400, "invalidSyntax")


def test_a_body_above_one_mebibyte_is_refused(scim: Caller) -> None:
    """413, before it is parsed."""
    assert is_scim_error(scim("POST", "/Users", b" " * (1024 * 1024 + 1)), 413)


def test_deep_json_is_refused(scim: Caller) -> None:
    """Nesting is capped far below what a recursive reader would survive."""
    body = b'{"userName": "x", "name": ' + b'{"a": ' * 40 + b"1" + b"}" * 41
    assert is_scim_error(scim("POST", "/Users", body), 400, "invalidSyntax")


def test_other_formats_of_a_body_are_refused(scim: Caller) -> None:
    """415 for forms; application/json is as good as SCIM's own type (RFC 7644, 3.1)."""
    body = b'{"userName": "x"}'
    assert is_scim_error(scim("POST", "/Users", body, Content_Type="application/x-www-form-urlencoded"), 415)
    assert scim("POST", "/Users", body, Content_Type="application/scim+json; charset=utf-8").status == 201


def test_the_documents_of_discovery_satisfy_a_model_that_we_did_not_write(scim: Caller) -> None:
    """scim2-models reads the configuration, the resource types and the schemas."""
    from scim2_models import Context, ListResponse, ResourceType, Schema, ServiceProviderConfig

    context = Context.RESOURCE_QUERY_RESPONSE
    ServiceProviderConfig.model_validate(scim("GET", "/ServiceProviderConfig").body, scim_ctx=context)
    ListResponse[ResourceType].model_validate(scim("GET", "/ResourceTypes").body, scim_ctx=context)
    ListResponse[Schema].model_validate(scim("GET", "/Schemas").body, scim_ctx=context)


def test_each_document_of_discovery_is_found_by_its_id(scim: Caller) -> None:
    """ResourceTypes and Schemas are read one by one at their `meta.location`."""
    for path in ("/ResourceTypes", "/Schemas"):
        for each in scim("GET", path).body["Resources"]:
            assert each["meta"]["location"].endswith(f"{path}/{each['id']}")
            assert scim("GET", f"{path}/{each['id']}").body == each
        assert is_scim_error(scim("GET", f"{path}/nothing"), 404)
        assert is_scim_error(scim("GET", f'{path}?filter=id eq "x"'), 403)


def test_declared_custom_attributes_are_in_the_schemas(scim: Caller) -> None:
    """An extension that an administrator declares is announced, and accepted."""
    from provisor.directory.attributes import declare_attribute

    urn = "urn:example:params:scim:schemas:extension:acme:2.0:User"
    declare_attribute(urn, "badge", type="integer", resource_type="User", actor=SYSTEM)
    schema = scim("GET", f"/Schemas/{urn}").body
    assert [each["name"] for each in schema["attributes"]] == ["badge"]
    extensions = scim("GET", "/ResourceTypes/User").body["schemaExtensions"]
    assert {"schema": urn, "required": False} in extensions
    assert scim("POST", "/Users", {"userName": "x", urn: {"badge": 7}}).body[urn] == {"badge": 7}
