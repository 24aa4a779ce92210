"""The floor of the benchmark: what was recorded is sent again, in an order that gets the same answers."""

from bench import floor
from bench.people import user_body
from bench.recording import Recorded, predecessors, recorded

from tests.lab_tests.exchange import group
from tests.servers import lab
from tests.servers.reader import post

A, B = "a" * 32, "b" * 32


def _request(method: str, path: str, *, body: str = "", created: str = "") -> Recorded:
    return Recorded(method=method, path=path, body=body, content_type="", status=200, created=created)


def test_a_request_waits_for_what_it_names_and_for_nothing_else() -> None:
    """The POST of every id that is named, and the last request to the same resource."""
    requests = [
        _request("POST", "/Users", created=A),
        _request("POST", "/Groups", created=B),
        _request("PATCH", f"/Groups/{B}", body=f'{{"value": "{A}"}}'),
        _request("PATCH", f"/Groups/{B}", body="{}"),
        _request("GET", "/Users?startIndex=1"),
    ]
    assert predecessors(requests) == [(), (), (0, 1), (1, 2), ()]


def test_a_replay_on_many_connections_ends_in_the_same_state() -> None:
    """Users and a group with them, recorded from one client and replayed on eight connections."""
    with lab({"keep_requests": True, "patch_answer": "body"}) as server:
        ids = [
            post(f"{server.base_url}/Users", user_body(number), server.token)["id"] for number in range(40)
        ]
        post(f"{server.base_url}/Groups", group("G", ids), server.token)
        recording = recorded(server.requests(whole=True))
        before = server.state()
        server.reset()
        replay = floor.measure(server.base_url, server.token, recording, 8)
        assert (replay.requests, replay.mismatches) == (41, 0)
        after = server.state()
        assert {name: user["id"] for name, user in after.users.items()} == {
            name: user["id"] for name, user in before.users.items()
        }
        assert {member["value"] for member in after.groups["G"]["members"]} == set(ids)
