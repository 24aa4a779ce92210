"""Whatever is sent, the SCIM interface answers with an error of SCIM, never with a failure of its own."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisor.scim.schemas import ENTERPRISE_SCHEMA, PATCH_SCHEMA
from tests.api.conftest import Caller

NAMES = st.sampled_from(
    ["userName", "USERNAME", "schemas", "id", "meta", "groups", "members", "emails", "name", "active", "displayName",
     "externalId", "manager", "addresses", "x509Certificates", ENTERPRISE_SCHEMA, f"{ENTERPRISE_SCHEMA}:manager", "", "$ref",
     "urn:x", "value", "name.givenName", 'emails[type eq "work"]', 'emails[type eq "work"].value', 'members[value eq "x"]']
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "x", "\u0000", "a" * 300, "é", "True", "../..", "%", "_"])
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=5)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove", "x"]) | VALUES},
    optional={"path": NAMES | TEXTS | VALUES, "value": VALUES},
)
PATCHES = st.fixed_dictionaries(
    {"schemas": st.just([PATCH_SCHEMA]), "Operations": st.lists(OPERATIONS | VALUES, max_size=3)}
)

fuzz = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sane(answer: Any) -> bool:
    """Whether it is a success, or an error as RFC 7644, section 3.12, writes it; a crash is neither."""
    if answer.status < 400:
        return True
    told = answer.headers["Content-Type"] == "application/scim+json"
    return (
        told and answer.body["status"] == str(answer.status) and (answer.status < 500 or answer.status == 501)
    )


@pytest.fixture
def ids(scim: Caller) -> dict[str, str]:
    """One user and one group with that user in it."""
    user = scim(
        "POST", "/Users", {"userName": "victim", "emails": [{"type": "work", "value": "a@b.c"}]}
    ).body["id"]
    group = scim("POST", "/Groups", {"displayName": "victims", "members": [{"value": user}]}).body["id"]
    return {"/Users": user, "/Groups": group}


def send(caller: Caller, method: str, path: str, body: Any) -> Any:
    import json

    return caller(method, path, json.dumps(body).encode("utf-8", "surrogatepass"))


@fuzz
@given(body=BODIES, path=st.sampled_from(["/Users", "/Groups", "/Users/.search", "/.search"]))
@example(body={"userName": "x", "emails": [{"value": {"a": 1}}]}, path="/Users")
@example(body={"displayName": "x", "members": {"value": ["x"]}}, path="/Groups")
def test_no_post_fails(scim: Caller, body: Any, path: str) -> None:
    """POST of anything."""
    assert sane(send(scim, "POST", path, body))


@fuzz
@given(body=BODIES, kind=st.sampled_from(["/Users", "/Groups"]))
def test_no_put_fails(scim: Caller, ids: dict[str, str], body: Any, kind: str) -> None:
    """PUT of anything."""
    assert sane(send(scim, "PUT", f"{kind}/{ids[kind]}", body))


@fuzz
@given(body=PATCHES | BODIES, kind=st.sampled_from(["/Users", "/Groups"]))
def test_no_patch_fails(scim: Caller, ids: dict[str, str], body: Any, kind: str) -> None:
    """PATCH of anything."""
    assert sane(send(scim, "PATCH", f"{kind}/{ids[kind]}", body))


FILTER_WORDS = st.sampled_from(
    ["userName", "meta.lastModified", "members", "emails[", "]", "(", ")", "and", "or", "not", "eq", "co", "gt", "pr", "ne",
     '"x"', '"\\u0000"', '"\\ud800"', '"9999-99-99"', '"0001-01-01T00:00:00+14:00"', "true", "null", "1e308", "active", "id", "manager",
     '"' + "a\u00e9" * 400 + '"', "displayName", "title", "groups.value", ENTERPRISE_SCHEMA]
)  # fmt: skip


@fuzz
@given(words=st.lists(FILTER_WORDS, max_size=9), kind=st.sampled_from(["/Users", "/Groups", "/"]))
@example(words=["meta.lastModified", "gt", '"0001-01-01T00:00:00+14:00"'], kind="/Users")
@example(words=["title", "co", '"' + "a\u00e9" * 400 + '"'], kind="/Users")
def test_no_filter_fails(scim: Caller, ids: dict[str, str], words: list[str], kind: str) -> None:
    """GET with any filter, good or bad."""
    assert sane(scim("GET", f"{kind}?filter={quote(' '.join(words))}"))


@fuzz
@given(
    query=st.dictionaries(
        st.sampled_from(
            [
                "startIndex",
                "count",
                "cursor",
                "sortBy",
                "sortOrder",
                "attributes",
                "excludedAttributes",
                "filter",
            ]
        ),
        TEXTS | st.integers().map(str) | NAMES,
        max_size=4,
    )
)
def test_no_query_fails(scim: Caller, ids: dict[str, str], query: dict[str, str]) -> None:
    """GET with any parameters."""
    text = "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in query.items()
    )
    assert sane(scim("GET", f"/Users?{text}"))


@fuzz
@given(path=st.text(max_size=30), method=st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POST"]))
def test_no_address_fails(scim: Caller, path: str, method: str) -> None:
    """Any address below the root."""
    assert sane(
        scim(
            method,
            "/" + quote(path.encode("utf-8", "surrogatepass"), safe="/"),
            {} if method != "GET" else None,
        )
    )


@pytest.mark.parametrize("header", ["", "*", 'W/"', '"', ",,,", "1", 'W/"1", "2' + '"' * 2000, "\u00e9"])
def test_no_condition_fails(scim: Caller, ids: dict[str, str], header: str) -> None:
    """Any If-Match and If-None-Match."""
    assert sane(scim("GET", f"/Users/{ids['/Users']}", None, If_None_Match=header))
    assert sane(
        scim(
            "PATCH",
            f"/Users/{ids['/Users']}",
            {"Operations": [{"op": "remove", "path": "title"}]},
            If_Match=header,
        )
    )
