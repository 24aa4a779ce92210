"""R16: an application may answer anything; it harms nobody but itself, and what it says is text."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.users import delete_user
from provisor.provisioning.models import Attempt, Link
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    USER_SCHEMA,
    change,
    crowd,
    declare,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    only_once,
    passes,
)
from tests.servers import LabServer

LIST = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
Answer = tuple[int, str, bytes]


def as_json(value: Any, status: int = 200) -> Answer:
    return status, "application/scim+json", json.dumps(value).encode()


@dataclass
class OddApplication:
    """A server that answers creations with whatever a test wants; it lists nobody and knows no groups."""

    create: Callable[[dict[str, Any], int], Answer]
    posts: list[dict[str, Any]] = field(default_factory=list)
    base_url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if method == "POST":
            self.posts.append(json.loads(body))
            return self.create(self.posts[-1], len(self.posts))
        if method == "GET" and path.startswith(("/Users", "/Groups")):
            return as_json(LIST)
        return as_json({"status": "404"}, 404)


@pytest.fixture
def odd() -> Iterator[Callable[[Callable[[dict[str, Any], int], Answer]], OddApplication]]:
    """Start an odd application on loopback; it ends with the test."""
    servers: list[ThreadingHTTPServer] = []

    def start(create: Callable[[dict[str, Any], int], Answer]) -> OddApplication:
        application = OddApplication(create)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, data = application.answer(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - names of http.server

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        application.base_url = f"http://127.0.0.1:{server.server_port}"
        return application

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def deep(levels: int) -> bytes:
    return b'{"id": "1", "x": ' + b"[" * levels + b"]" * levels + b"}"


UNREADABLE: dict[str, Answer] = {
    "a web page": (200, "text/html", b"<html><body>Please sign in</body></html>"),
    "a page that calls itself JSON": (201, "application/json", b"<html><body>Please sign in</body></html>"),
    "eleven megabytes": (201, "application/scim+json", b'{"id": "1", "x": "' + b"a" * 11_000_000 + b'"}'),
    "a thousand levels": (201, "application/scim+json", deep(1_000)),
    "a list": (201, "application/scim+json", b"[1, 2]"),
    "nonsense": (201, "application/scim+json", b"\xff\xfe\x00"),
    "an empty object": (201, "application/scim+json", b"{}"),
    "an id that is an object": as_json({"id": {"a": 1}}, 201),
    "an id that is empty": as_json({"id": ""}, 201),
    "an error with 200": as_json(
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "detail": "no"}
    ),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_r16_a_creation_answered_with_rubbish_is_not_taken_for_done(
    transactional_db: None, odd: Any, target: LabServer, answer: Answer
) -> None:
    """No remote id is believed, the link says why in words, and a second POST never goes without a look-up."""
    application = odd(lambda _body, _number: answer)
    installation = Installation(application.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    link = installation.link(user)
    assert link.remote_id is None
    assert link.state in ("due", "failed", "conflict")
    assert link.reason
    assert "Traceback" not in link.reason
    methods = list(
        Attempt.objects.exclude(act__in=("discover", "probe")).order_by("id").values_list("method", flat=True)
    )
    assert "POST" not in [a for a, b in itertools.pairwise(methods) if a == b == "POST"]


def test_r07_r16_one_id_for_everybody_harms_only_itself(
    transactional_db: None, odd: Any, target: LabServer
) -> None:
    """Every creation is answered with the same id: one has it, the others are a conflict, and nothing crashes."""
    application = odd(lambda body, _number: as_json({**body, "id": "same"}, 201))
    installation = Installation(application.base_url)
    people = [installation.user(f"person{number}") for number in range(4)]
    installation.granted("Sales", *people, push_group=False)
    passes(installation, 3)
    links = [installation.link(user) for user in people]
    assert sorted(link.state for link in links) == ["conflict", "conflict", "conflict", "in_sync"]
    assert all(link.reason for link in links if link.state == "conflict")
    assert "itself failed" not in application_status(installation.application.id)["reason"]
    assert len(application.posts) == 4


def test_r16_values_of_any_shape_in_an_answer_break_nothing(
    transactional_db: None, odd: Any, target: LabServer
) -> None:
    """The answer holds other types than SCIM has; the account is linked all the same."""
    shapes = {
        "name": "text",
        "emails": {"value": 1},
        "active": [],
        "meta": None,
        "schemas": 7,
        "userName": None,
    }
    application = odd(lambda _body, number: as_json({"id": f"id{number}", **shapes}, 201))
    installation = Installation(application.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    assert installation.link(user).state == Link.State.IN_SYNC
    assert installation.link(user).remote_id == "id1"


IDS = ("a/b", "../Users", 'quote"d', "per%20cent", "que?ry#x", "ünï", "a b", "semi;colon", "x" * 250)


@pytest.mark.parametrize("name", IDS)
def test_r16_any_id_is_one_segment_of_the_address(
    installation: Installation, target: LabServer, name: str
) -> None:
    """The application gives odd ids: updates, memberships and removals still reach exactly that account."""
    target.set_options(id_is_user_name=True)
    user = installation.user(name, emails=[{"value": "someone@example.com", "type": "work"}])
    bystander = installation.user("bystander")
    installation.granted("Sales", user, bystander)
    installation.run()
    assert installation.link(user).remote_id == name
    change(user, title="new")
    passes(installation, 2)
    assert only_once(target)[name]["title"] == "new"
    assert members(target, "Sales") == {name, "bystander"}
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert set(only_once(target)) == {"bystander"}


HOSTILE = (
    "<script>alert(1)</script>",
    "'; DROP TABLE provisioning_link; --",
    "{{7*7}}",
    "%s %(x)s {0}",
    "\u202eevil",
    "a\\u0000b",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_r16_hostile_text_travels_as_text(installation: Installation, target: LabServer, text: str) -> None:
    """Names arrive as they were entered, and the application's words are kept as they came."""
    user = installation.user("alice", displayName=text, title=text)
    installation.granted("Sales", user)
    installation.run()
    account = only_once(target)["alice"]
    assert (account["displayName"], account["title"]) == (text, text)
    assert installation.states() == {"in_sync": 2}


def test_r16_the_password_of_a_creation_is_in_no_attempt(
    installation: Installation, target: LabServer
) -> None:
    """An application that demands one gets a random value, which is written down nowhere."""
    declare(installation, password_required=True)
    target.set_options(keep_requests=True)
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    (body,) = [
        e["body"] for e in target.requests(whole=True) if (e["method"], e["path"]) == ("POST", "/Users")
    ]
    password = json.loads(body)["password"]
    assert len(password) > 20
    for attempt in Attempt.objects.all():
        assert password not in attempt.request + attempt.response
    assert "password" not in (installation.link(user).sent or {})


def test_r16_a_list_without_end_is_given_up(transactional_db: None, odd: Any, target: LabServer) -> None:
    """Pages that repeat are no proof of absence, and do not hold the pass up for ever."""
    application = odd(lambda body, number: as_json({**body, "id": f"id{number}"}, 201))
    page = [{"schemas": [USER_SCHEMA], "id": "1", "userName": "somebody"}]
    endless = {**LIST, "totalResults": 10_000_000, "Resources": page, "itemsPerPage": 1}
    plain = application.answer
    application.answer = lambda method, path, body: (  # type: ignore[method-assign]
        as_json(endless) if method == "GET" and path.startswith("/Users") else plain(method, path, body)
    )
    installation = Installation(application.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    assert application.posts == []
    assert installation.link(user).state == Link.State.CONFLICT


def test_r16_html_with_200_to_reads_posts_nothing(installation: Installation, target: LabServer) -> None:
    """A sign-in page where lists should be: nothing is known, so nothing is created."""
    installation.granted("Sales", *crowd(3))
    target.set_options(faults=[fault("html", "GET", "/Users", status=200, count=0)])
    passes(installation, 2)
    assert log(target, "POST", "/Users") == []
    assert all(link.reason for link in Link.objects.filter(kind="user"))
