"""The client of one application, against servers that behave and servers that do not."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from unittest import mock

import orjson
import pytest

from provisor.scim import searching
from provisor.scim.authentication import build
from provisor.scim.capabilities import Fact, resolve
from provisor.scim.client import Exchange, ScimClient, Unsendable
from provisor.scim.errors import AddressRefused, NotSent, OutcomeUnknown, Refused, ScimFailure, Unreadable
from provisor.scim.transport import Transport
from tests.scim.raw_server import (
    LOOPBACK,
    Handler,
    RawServer,
    Received,
    Wire,
    always,
    by,
    http,
    listing,
    raw_server,
)

TOKEN = "tok-secret-1"
USER = {"id": "7", "userName": "bjensen", "meta": {"resourceType": "User"}}
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@asynccontextmanager
async def client_of(
    handler: Handler, *, method: str = "bearer", values: dict | None = None, gate=None, **facts: object
) -> AsyncIterator[tuple[ScimClient, RawServer, list[Exchange]]]:
    """A client, its server, and the exchanges that the client reports."""
    exchanges: list[Exchange] = []
    dialect = resolve(Fact(name=name, value=value, origin="profile") for name, value in facts.items())
    async with raw_server(handler) as server:
        transport = Transport(server.url, private_targets=LOOPBACK)
        values = {k: v.format(port=server.port) for k, v in (values or {"token": TOKEN}).items()}
        authentication = build(method, values, transport.send_form)
        yield (
            ScimClient(transport, authentication, dialect, gate=gate, observer=exchanges.append),
            server,
            exchanges,
        )
        await transport.close()


async def test_a_user_is_created_with_one_post() -> None:
    """Body, content type, token; the resource comes back, with its ETag as meta.version."""
    async with client_of(always(http(201, USER, {"ETag": 'W/"1"'}))) as (client, server, exchanges):
        made = await client.create("user", {"userName": "bjensen"}, act="create", tag="link 1")
    assert made == USER | {"meta": {"resourceType": "User", "version": 'W/"1"'}}
    (got,) = server.received
    assert (got.method, got.path, got.body) == ("POST", "/scim/v2/Users", b'{"userName":"bjensen"}')
    assert got.headers["authorization"] == f"Bearer {TOKEN}"
    assert got.headers["content-type"] == "application/scim+json"
    (exchange,) = exchanges
    assert (exchange.method, exchange.path, exchange.status, exchange.failure) == (
        "POST",
        "/Users",
        201,
        None,
    )
    assert (exchange.act, exchange.tag, exchange.request_body) == ("create", "link 1", got.body)
    assert orjson.loads(exchange.response_body) == USER
    assert exchange.milliseconds > 0
    assert exchange.at > 1_700_000_000


async def test_each_operation_is_its_request() -> None:
    """Verb, path, query, If-Match and the content type of the dialect."""
    async with client_of(always(http(200, USER)), content_type="application/json") as (client, server, _):
        await client.get("user", "7", act="read", attributes=("userName", "active"), excluded=("groups",))
        await client.patch("group", "8", {"Operations": []}, 'W/"3"', act="rename")
        await client.put("user", "7", {"active": False}, act="disable")
        await client.delete("group", "8", act="delete")
    get, patch, put, delete = server.received
    assert (get.method, get.path) == ("GET", "/scim/v2/Users/7")
    assert get.query == {"attributes": "userName,active", "excludedAttributes": "groups"}
    assert "content-type" not in get.headers
    assert (patch.method, patch.path, patch.headers["if-match"]) == ("PATCH", "/scim/v2/Groups/8", 'W/"3"')
    assert patch.headers["content-type"] == "application/json"
    assert (put.method, put.body) == ("PUT", b'{"active":false}')
    assert "if-match" not in put.headers
    assert (delete.method, delete.path, delete.body) == ("DELETE", "/scim/v2/Groups/8", b"")


@pytest.mark.parametrize("answer", [http(204), http(200), http(202)])
async def test_a_write_without_an_answer_body_is_a_success(answer: bytes) -> None:
    """204, and 200 with nothing in it."""
    async with client_of(always(answer)) as (client, _, exchanges):
        assert await client.patch("user", "7", {}, act="update") is None
        assert await client.create("user", {}, act="create") is None
        await client.delete("user", "7", act="delete")
        with pytest.raises(Unreadable):
            await client.get("user", "7", act="read")
    assert [exchange.failure is None for exchange in exchanges] == [True, True, True, False]


@pytest.mark.parametrize(
    ("identity", "segment"),
    [
        ("../../admin/..//x", "..%2F..%2Fadmin%2F..%2F%2Fx"),
        ("a?b#c d&e", "a%3Fb%23c%20d%26e"),
        ("ü/%2F", "%C3%BC%2F%252F"),
        ("...", "..."),
        ("x\r\nHost: y", "x%0D%0AHost%3A%20y"),
        ("\\..\\", "%5C..%5C"),
        ("b@example.com", "b%40example.com"),
    ],
)
async def test_r16_an_id_is_exactly_one_segment_of_the_path(identity: str, segment: str) -> None:
    """Whatever the application calls its resources, no request leaves its place."""
    async with client_of(always(http(200, USER))) as (client, server, _):
        await client.get("user", identity, act="read")
    assert server.received[0].target == f"/scim/v2/Users/{segment}"


@pytest.mark.parametrize("identity", ["", ".", "..", "x" * 1025, "ü" * 513, "\ud800"])
async def test_r16_an_id_that_no_segment_can_hold_is_not_sent(identity: str) -> None:
    """Above all the empty one: DELETE /Users/ would mean something else."""
    async with client_of(always(http(200, USER))) as (client, server, _):
        with pytest.raises(Unsendable) as failed:
            await client.delete("user", identity, act="delete")
    assert not server.received
    assert not failed.value.retryable


async def test_values_that_json_cannot_hold_are_not_sent() -> None:
    """One bad object is its own problem."""
    async with client_of(always(http(200, USER))) as (client, server, _):
        with pytest.raises(Unsendable, match="cannot be written"):
            await client.create("user", {"userName": "\ud800"}, act="create")
    assert not server.received


@pytest.mark.parametrize("answer", [http(200, b"<html>Sign in</html>"), http(201, b"OK"), http(200, [])])
async def test_r16_a_success_that_is_no_scim_is_unreadable_with_its_status(answer: bytes) -> None:
    """The outcome of the write is unknown; a page for people is said to be one."""
    async with client_of(always(answer)) as (client, _, exchanges):
        with pytest.raises(Unreadable) as failed:
            await client.create("user", {}, act="create")
    assert failed.value.status in {200, 201}
    assert exchanges[0].failure is failed.value
    assert exchanges[0].status == failed.value.status


async def test_r16_a_delete_answered_with_a_page_for_people_is_no_success() -> None:
    """A login page with status 200 has deleted nobody; words in plain text may have."""
    async with client_of(always(http(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}))) as (
        client,
        _,
        _e,
    ):
        with pytest.raises(Unreadable):
            await client.delete("user", "7", act="delete")
    async with client_of(always(http(200, b"deleted", {"Content-Type": "text/plain"}))) as (client, _, _e):
        await client.delete("user", "7", act="delete")


@pytest.mark.parametrize(
    ("body", "scim_type", "detail"),
    [
        (
            {"schemas": [ERROR], "status": "409", "scimType": "uniqueness", "detail": "taken"},
            "uniqueness",
            "taken",
        ),
        ({"SCIMTYPE": "uniqueness", "Detail": "taken"}, "uniqueness", "taken"),
        ({"Errors": [{"description": "taken", "code": 409}]}, "", "taken"),
        ({"error": "conflict", "message": "taken"}, "", "taken"),
        ({"detail": "a\r\nb\x1b[2J"}, "", "a b [2J"),
        ({"detail": 5, "scimType": []}, "", ""),
        (b"plain words", "", "plain words"),
        (b"<html>500</html>", "", ""),
        (b"", "", ""),
        (b"[" * 5000, "", None),
    ],
)
async def test_a_refusal_carries_the_words_of_the_application(
    body, scim_type: str, detail: str | None
) -> None:
    """However it writes them; never a control character."""
    async with client_of(always(http(409, body))) as (client, _, exchanges):
        with pytest.raises(Refused) as refused:
            await client.create("user", {}, act="create")
    failure = refused.value
    assert (failure.status, failure.scim_type, failure.retryable) == (409, scim_type, False)
    assert detail is None or failure.detail == detail
    assert "409 (Conflict" in failure.sentence
    assert exchanges[0].status == 409


async def test_an_error_under_a_status_of_success_is_a_refusal() -> None:
    """Some applications answer 200 and mean 404."""
    body = {"schemas": [ERROR], "status": "404", "detail": "gone"}
    async with client_of(always(http(200, body))) as (client, _, _e):
        with pytest.raises(Refused, match="gone") as refused:
            await client.get("user", "7", act="read")
    assert refused.value.status == 404


async def test_r16_a_redirect_is_refused_with_a_hint() -> None:
    """The origin is shown, so that the base URL can be corrected; nothing else of it."""
    headers = {"Location": "https://other.example.com/path?token=x"}
    async with client_of(always(http(308, b"", headers))) as (client, server, _e):
        with pytest.raises(Refused, match=r"https://other\.example\.com\"") as refused:
            await client.create("user", {}, act="create")
    assert (refused.value.status, refused.value.retryable, len(server.received)) == (308, False, 1)
    assert "token" not in refused.value.sentence


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_r12_a_throttled_request_says_how_long_to_wait(form: str) -> None:
    """Both forms; the date counts from the clock of the application."""
    there = 1_900_000_000
    pause = "30" if form == "seconds" else formatdate(there + 30, usegmt=True)
    headers = {"Retry-After": pause, "Date": formatdate(there, usegmt=True)}
    async with client_of(always(http(429, b"", headers))) as (client, _, _e):
        with pytest.raises(Refused) as refused:
            await client.create("user", {}, act="create")
    assert (refused.value.retry_after, refused.value.retryable) == (30.0, True)


async def test_what_the_transport_reports_is_observed() -> None:
    """A lost answer is an exchange without a status."""

    async def lost(_: Received, wire: Wire) -> None:
        wire.transport.abort()

    async with client_of(lost) as (client, _, exchanges):
        with pytest.raises(OutcomeUnknown) as failed:
            await client.create("user", {"userName": "x"}, act="create", tag=5)
    (exchange,) = exchanges
    assert (exchange.status, exchange.failure, exchange.tag) == (None, failed.value, 5)
    assert (exchange.request_body, exchange.response_body) == (b'{"userName":"x"}', b"")


async def test_r16_bodies_of_an_exchange_are_cut() -> None:
    """What is kept of an answer is bounded, what is read of it is not cut."""
    async with client_of(always(http(200, USER | {"x": "y" * 100_000}))) as (client, _, exchanges):
        assert len((await client.get("user", "7", act="read"))["x"]) == 100_000
    assert len(exchanges[0].response_body) == 64 * 1024


async def test_r17_a_secret_is_in_no_exchange_even_if_it_is_echoed() -> None:
    """A hostile application sends back what it was given."""

    def echo(request: Received) -> bytes:
        return http(400, {"detail": request.headers["authorization"]})

    async with client_of(by(echo)) as (client, server, exchanges):
        with pytest.raises(Refused) as refused:
            await client.create("user", {}, act="create")
    assert TOKEN in server.received[0].headers["authorization"]
    assert TOKEN not in repr(exchanges) + refused.value.sentence + refused.value.detail


OAUTH = {
    "token_url": "http://127.0.0.1:{port}/token",
    "client_id": "client",
    "client_secret": "client-secret-1",
}


def with_tokens(accepts: str) -> Handler:
    """A server that hands out t1, t2, ... and accepts one of them."""
    issued = 0

    def answer(request: Received) -> bytes:
        nonlocal issued
        if request.path == "/token":
            issued += 1
            return http(200, {"access_token": f"t{issued}", "token_type": "bearer", "expires_in": 3600})
        good = request.headers["authorization"] == f"Bearer {accepts}"
        return http(201, USER) if good else http(401, {"detail": "expired"})

    return by(answer)


async def test_r13_after_a_401_the_token_is_renewed_and_the_request_sent_once_more() -> None:
    """A token that was withdrawn early costs one request, not the application."""
    async with client_of(with_tokens("t2"), method="oauth2_client_credentials", values=OAUTH) as (
        c,
        server,
        exchanges,
    ):
        many = await asyncio.gather(*(c.create("user", {}, act="create") for _ in range(4)))
    assert len(many) == 4
    assert [got.path for got in server.received].count("/token") == 2
    assert [exchange.status for exchange in exchanges].count(201) == 4
    assert "secret-1" not in repr(exchanges)


async def test_r13_a_401_that_a_new_token_does_not_cure_is_raised() -> None:
    """One more try, and no third."""
    async with client_of(with_tokens("none"), method="oauth2_client_credentials", values=OAUTH) as (
        c,
        _,
        exchanges,
    ):
        with pytest.raises(Refused) as refused:
            await c.create("user", {}, act="create")
    assert refused.value.status == 401
    assert [exchange.status for exchange in exchanges] == [401, 401]


async def test_r13_a_401_to_a_fixed_token_is_not_tried_again() -> None:
    """The same token would be refused again."""
    async with client_of(always(http(401))) as (client, server, _):
        with pytest.raises(Refused):
            await client.create("user", {}, act="create")
    assert len(server.received) == 1


async def test_a_refused_token_request_is_never_taken_for_an_answer_to_the_delete() -> None:
    """A 404 of the token address must not confirm that an account is gone."""
    async with client_of(always(http(404)), method="oauth2_client_credentials", values=OAUTH) as (
        c,
        server,
        exchanges,
    ):
        with pytest.raises(NotSent) as failed:
            await c.delete("user", "7", act="delete")
    assert failed.value.status == 401
    assert {got.method for got in server.received} == {"POST"}
    assert exchanges[0].status is None


async def test_r11_no_request_leaves_while_the_gate_is_closed() -> None:
    """The gate is asked before each request, with the verb and the kind; what it raises is passed on."""
    asked: list[tuple[str, str]] = []

    class StoppedError(Exception):
        pass

    async def gate(method: str, kind: str) -> None:
        asked.append((method, kind))
        if method == "POST":
            raise StoppedError

    async with client_of(always(http(200, USER)), gate=gate) as (client, server, exchanges):
        await client.get("user", "7", act="read")
        with pytest.raises(StoppedError):
            await client.create("group", {}, act="create")
    assert asked == [("GET", "user"), ("POST", "group")]
    assert (len(server.received), len(exchanges)) == (1, 1)


def everyone(request: Received) -> bytes:
    return http(200, listing([{"id": str(n), "userName": f"user{n}"} for n in range(3)], 3))


async def test_r02_a_search_is_escaped_and_its_hits_are_checked_again() -> None:
    """The value cannot change the filter, and the case rule of the attribute decides."""
    name = 'o"neil \\ or id pr'
    hits = [{"id": "1", "userName": name.upper()}, {"id": "2", "userName": name}]
    async with client_of(always(http(200, listing(hits, 2)))) as (client, server, _):
        result = await client.search("user", "userName", name, act="match")
    assert server.received[0].query == {"filter": 'userName eq "o\\"neil \\\\ or id pr"'}
    assert (result.hits, result.ignored_filter, result.total) == (hits, False, 2)


async def test_r02_a_server_that_ignores_the_filter_is_found_out() -> None:
    """Everyone was returned: whoever has another value is no hit, and finding nobody proves nothing."""
    async with client_of(by(everyone)) as (client, _, _e):
        one = await client.search("user", "userName", "user1", act="match")
        none = await client.search("user", "userName", "nobody", act="match")
    assert ([hit["id"] for hit in one.hits], one.ignored_filter) == (["1"], True)
    assert (none.hits, none.ignored_filter, none.total) == ([], True, 3)


@pytest.mark.parametrize(
    ("path", "resource", "hit", "ignored", "unproved"),
    [
        ("externalId", {"externalId": "abc"}, True, False, 0),
        ("externalId", {"externalId": "ABC"}, False, False, 0),
        ("externalId", {"externalId": "other"}, False, True, 0),
        ("externalId", {}, False, False, 1),
        ("externalId", {"externalId": None}, False, False, 1),
        ('emails[type eq "work"].value', {"emails": [{"type": "work", "value": "ABC"}]}, True, False, 0),
        (
            'emails[type eq "work"].value',
            {"emails": [{"type": "work", "value": "x"}, {"type": "work", "value": "abc"}]},
            True,
            False,
            0,
        ),
        ('emails[type eq "work"].value', {"emails": [{"type": "home", "value": "abc"}]}, False, False, 1),
        ("emails.value", {"emails": [{"value": "x"}, {"value": "abc"}]}, True, False, 0),
        ("userName", {"USERNAME": "Abc"}, True, False, 0),
    ],
)
async def test_r02_a_hit_is_judged_by_its_own_value(path, resource, hit, ignored, unproved) -> None:
    """A near match is no hit, a missing attribute proves nothing, another value betrays the server."""
    answer = http(200, listing([{"id": "1", **resource}], 1))
    async with client_of(always(answer)) as (client, _, _e):
        result = await client.search("user", path, "abc", act="match")
    assert (bool(result.hits), result.ignored_filter, result.unproved) == (hit, ignored, unproved)


async def test_a_404_to_a_search_is_no_hit() -> None:
    """And no failure: the exchange shows the status all the same."""
    async with client_of(always(http(404, {"detail": "no such user"}))) as (client, _, exchanges):
        result = await client.search("user", "userName", "x", act="match")
    assert (result.hits, result.ignored_filter, result.total) == ([], False, None)
    assert (exchanges[0].status, exchanges[0].failure) == (404, None)
    assert exchanges[0].path == "/Users?filter=userName%20eq%20%22x%22"


async def test_a_list_is_read_page_by_page_over_the_wire() -> None:
    """The size of the dialect is asked for, attributes go along, each page is an exchange."""
    held = [{"id": n, "userName": f"user{n}"} for n in range(7)]

    def page(request: Received) -> bytes:
        start = int(request.query["startIndex"]) - 1
        return http(200, listing(held[start : start + int(request.query["count"])], 7))

    async with client_of(by(page), page_size=3) as (client, server, exchanges):
        pages = [page async for page in client.pages("user", act="scan", attributes=("userName",))]
    assert [len(page.resources) for page in pages] == [3, 3, 1, 0]
    assert pages[0].resources[0] == {"id": "0", "userName": "user0"}
    assert pages[-1].complete
    assert server.received[1].query == {"startIndex": "4", "count": "3", "attributes": "userName"}
    assert len(exchanges) == 4


async def test_a_list_by_cursor_is_read_over_the_wire() -> None:
    """The first cursor is empty (RFC 9865)."""

    def page(request: Received) -> bytes:
        more = {"nextCursor": "b c"} if request.query["cursor"] == "" else {}
        return http(200, listing([{"id": f"at {request.query['cursor']}"}], **more))

    async with client_of(by(page), paging="cursor", page_size=1) as (client, server, _):
        pages = [page async for page in client.pages("group", act="scan")]
    assert [page.resources[0]["id"] for page in pages] == ["at ", "at b c"]
    assert pages[-1].complete
    assert server.received[0].target == "/scim/v2/Groups?cursor=&count=1"


async def test_r16_a_depth_bomb_in_a_list_is_unreadable() -> None:
    """And so is no list, not an empty one."""
    bomb = b'{"totalResults":0,"Resources":[],"x":' + b"[" * 100 + b"]" * 100 + b"}"
    async with client_of(always(http(200, bomb))) as (client, _, _e):
        with pytest.raises(Unreadable, match="nested"):
            await client.search("user", "userName", "x", act="match")


async def test_a_refused_address_is_observed_and_permanent() -> None:
    """What the door refuses is recorded like any other failure."""
    exchanges: list[Exchange] = []
    transport = Transport("https://scim.example.com/v2", private_targets=LOOPBACK)

    async def refuse(_: object) -> None:
        raise AddressRefused("No.")

    transport.send = refuse
    client = ScimClient(
        transport, build("bearer", {"token": "t"}, None), resolve([]), observer=exchanges.append
    )
    with pytest.raises(ScimFailure):
        await client.get("user", "7", act="read")
    assert isinstance(exchanges[0].failure, AddressRefused)


@pytest.mark.parametrize(
    ("people", "thread"),
    [(1, None), (200, "MainThread"), (6_000, "provisor-read")],
    ids=["small", "middle", "long"],
)
async def test_r07_a_long_answer_is_read_beside_the_loop_and_what_it_costs_is_told(
    people: int, thread: str | None
) -> None:
    """The loop serves all applications; what is small is read in it, and not even measured."""
    threads: list[str] = []

    def effort() -> float:
        threads.append(threading.current_thread().name)
        return float(len(threads))

    named = [USER | {"id": str(number), "displayName": "x" * 100} for number in range(people)]
    async with client_of(always(http(200, listing(named, people)))) as (client, _, exchanges):
        client._effort = effort
        pages = [page async for page in client.pages("user", act="list")]
    assert sum(len(page.resources) for page in pages) == people
    if thread is None:
        assert threads == []
        assert exchanges[0].reading == 0.0
    else:
        assert threads[:2] == [name for name in threads[:2] if name.startswith(thread)]
        assert exchanges[0].reading == 1.0


async def test_r07_thousands_whom_a_search_did_not_ask_for_are_judged_beside_the_loop() -> None:
    """An application that ignores the filter returns everybody: each is compared where the answer is read."""
    threads: set[str] = set()
    crowd = [USER | {"id": str(number), "userName": f"{number:0200}"} for number in range(4_000)]
    async with client_of(always(http(200, listing(crowd, 4_000)))) as (client, _, _):
        judge = searching.judge

        def judged(*args):
            threads.add(threading.current_thread().name.rpartition("_")[0])
            return judge(*args)

        with mock.patch.object(searching, "judge", judged):
            found = await client.search("user", "userName", f"{7:0200}", act="look_up")
    assert threads == {"provisor-read"}
    assert [each["id"] for each in found.hits] == ["7"]
    assert found.ignored_filter
