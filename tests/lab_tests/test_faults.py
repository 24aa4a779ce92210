"""Faults, limits, latency and the control endpoints of the lab target."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.lab import Fault, FaultKind, LabOptions, Limit, RetryAfter, Target, read_options, running
from tests.lab.limits import Limits
from tests.lab_tests.exchange import Client, lab_client, user


def _control(client: Client, act: str) -> str:
    return client.target.base_url.removesuffix("/scim/v2") + f"/_lab/{act}"


@pytest.mark.parametrize("handled", [False, True])
async def test_a_reset_comes_before_or_after_the_commit(handled: bool) -> None:
    """With `handled` the reply is lost and the account exists."""
    fault = Fault(kind=FaultKind.RESET, handled=handled, method="POST", path="^/Users$")
    async with lab_client(faults=(fault,)) as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("/Users", user("bjensen"))
        assert len(client.target.state()["Users"]) == handled
        assert client.target.log[0].fault == "reset"
        again = await client.post("/Users", user("bjensen"))
        assert again.status == (409 if handled else 201)


async def test_a_stalled_request_is_never_answered() -> None:
    """The client gives up; the next request on another connection is served."""
    async with lab_client(faults=(Fault(kind=FaultKind.STALL, handled=True),)) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.post("/Users", user("bjensen")), 0.05)
        assert (await client.get("/Users")).document["totalResults"] == 1


async def test_a_truncated_body_ends_the_connection() -> None:
    """The client sees an incomplete payload though the user was created."""
    async with lab_client(faults=(Fault(kind=FaultKind.TRUNCATE),)) as client:
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.post("/Users", user("bjensen"))
        assert len(client.target.state()["Users"]) == 1


async def test_error_answers_strike_the_requests_they_were_told_to() -> None:
    """By method, path, number and count, each fault for itself."""
    faults = (
        Fault(kind=FaultKind.STATUS, status=503, method="POST", nth=2, count=2, retry_after=7),
        Fault(kind=FaultKind.HTML, method="GET", path=r"^/Groups"),
        Fault(kind=FaultKind.STATUS, status=500, method="PUT", count=0),
    )
    async with lab_client(faults=faults) as client:
        answers = [await client.post("/Users", user(f"u{number}")) for number in range(4)]
        assert [answer.status for answer in answers] == [201, 503, 503, 201]
        assert answers[1].headers["retry-after"] == "7"
        assert "<h1>" in (await client.get("/Groups")).document
        assert (await client.get("/Groups")).document["totalResults"] == 0
        assert [(await client.send("PUT", "/Users/x", {})).status for _ in range(3)] == [500] * 3


async def test_probable_faults_are_the_same_with_the_same_seed() -> None:
    """Another seed gives other faults, the same seed the same."""

    async def statuses(seed: int) -> list[int]:
        fault = Fault(kind=FaultKind.STATUS, status=500, count=0, probability=0.5)
        async with lab_client(seed=seed, faults=(fault,)) as client:
            return [(await client.get("/Users")).status for _ in range(30)]

    first = await statuses(1)
    assert first == await statuses(1)
    assert first != await statuses(2)
    assert set(first) == {200, 500}


async def test_ids_depend_on_seed_and_name_and_not_on_order() -> None:
    """So a replay in another order hits the same resources."""
    async with lab_client(seed=3) as client:
        ids = {name: await client.create_user(name) for name in ("a", "b")}
        client.target.reset()
        assert {name: await client.create_user(name) for name in ("b", "a")} == ids


def test_a_bucket_lets_through_its_burst_and_then_its_rate() -> None:
    """A bucket of 2 per second with burst 3, at chosen instants."""
    limits = Limits([Limit(match="POST /Users", per_second=2.0, burst=3.0)], 0.0)
    waits = [limits.wait("POST", "/Users", at) for at in (0.0, 0.0, 0.0, 0.0, 0.25, 0.5, 0.5)]
    assert waits == pytest.approx([0.0, 0.0, 0.0, 0.5, 0.25, 0.0, 0.5], abs=1e-5)
    assert limits.wait("GET", "/Users", 0.5) == 0.0
    assert limits.wait("POST", "/Groups", 0.5) == 0.0


@pytest.mark.parametrize(
    ("how", "expected"),
    [(RetryAfter.SECONDS, "2"), (RetryAfter.DATE, "Thu, 01 Jan 1970 00:16:42 GMT"), (RetryAfter.NONE, None)],
)
async def test_a_429_tells_when_to_come_back(how: RetryAfter, expected: str | None) -> None:
    """As seconds, as an HTTP date, or not at all; judged on a virtual clock."""
    now = [1000.0]
    options = LabOptions(limits=(Limit(match="write", per_second=0.5),), retry_after=how)
    clock: dict[str, Any] = {"clock": lambda: now[0], "wall": lambda: now[0]}
    async with running(options, **clock) as target, aiohttp.ClientSession() as session:
        client = Client(session, target)
        await client.create_user("a")
        refused = await client.post("/Users", user("b"))
        assert (refused.status, refused.headers.get("retry-after")) == (429, expected)
        now[0] += 2.0
        await client.create_user("b")


async def test_options_change_while_it_runs_and_unknown_ones_are_refused() -> None:
    """The control endpoint sets a fault that strikes at once."""
    async with lab_client() as client, aiohttp.ClientSession() as session:
        values = {"patch": False, "faults": [{"kind": "status", "status": 500, "path": "^/Users"}]}
        async with session.post(_control(client, "options"), json=values) as answer:
            assert answer.status == 200
        assert client.target.options.faults == (Fault(kind=FaultKind.STATUS, status=500, path="^/Users"),)
        assert (await client.get("/Users")).status == 500
        async with session.post(_control(client, "options"), json={"pach": False}) as answer:
            assert answer.status == 400
            assert '"pach"' in (await answer.json())["error"]
        async with session.get(_control(client, "rubbish")) as answer:
            assert answer.status == 400


async def test_state_log_and_reset_are_there_for_a_reader() -> None:
    """The log tells the order; bodies only when they are kept and asked for."""
    async with lab_client(keep_requests=True) as client, aiohttp.ClientSession() as session:
        await client.create_user("a")
        await client.get("/Users?count=1")
        async with session.get(_control(client, "requests?whole=1")) as answer:
            entries = await answer.json()
        assert [(entry["order"], entry["method"], entry["path"]) for entry in entries] == [
            (1, "POST", "/Users"),
            (2, "GET", "/Users?count=1"),
        ]
        assert '"userName": "a"' in entries[0]["body"]
        async with session.post(_control(client, "reset"), json={}) as answer:
            assert answer.status == 200
        async with session.get(_control(client, "state")) as answer:
            assert await answer.json() == {"Users": [], "Groups": []}


async def test_requests_that_come_in_pieces_or_together_are_answered_in_order() -> None:
    """The parser needs no packet boundaries; latency holds back the ones behind."""
    async with running(LabOptions(latency_ms=1)) as target:
        host, port = target.base_url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"GET /scim/v2/%b HTTP/1.1\r\nHost: x\r\nauthorization: bearer tok\r\n\r\n"
        data = head % b"Users/1" + head % b"Users"
        for piece in (data[:5], data[5:100], data[100:]):
            writer.write(piece)
            await asyncio.sleep(0)
        statuses = []
        for _ in range(2):
            answer = await reader.readuntil(b"\r\n\r\n")
            statuses.append(answer.split()[1])
            await reader.readexactly(int(answer.lower().partition(b"content-length: ")[2].split()[0]))
        writer.close()
        await writer.wait_closed()
        assert statuses == [b"404", b"200"]


def test_options_survive_json() -> None:
    """What `as_json` gives, `read_options` reads."""
    options = LabOptions(
        limits=(Limit(match="all", per_second=5),), drops=("title",), retry_after=RetryAfter.DATE
    )
    assert read_options(options.as_json()) == options
    with pytest.raises(ValueError, match='"kin" is no option of Fault'):
        read_options({"faults": [{"kin": "reset"}]})
    assert Target(options, "http://x").base_url == "http://x/scim/v2"
