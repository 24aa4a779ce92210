"""R16: answers that are too large, too deep or no JSON at all, to a real engine process whose memory is watched."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provisor.provisioning.models import Attempt, Health, Link
from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess, Runner
from tests.crash.judge import wait_until

pytestmark = pytest.mark.crash

GIGABYTE = 1 << 30
#: Megabytes that the engine process may ever have had: the budget of a pass of 100,000 users.
MOST_MEMORY = 300
PIECE = b" " * (1 << 16)


class Hostile:
    """A target that answers every request on users and groups with the same bytes; it counts what it was asked and gave."""

    def __init__(self, kind: str) -> None:
        self.given = 0
        self.asked: list[tuple[str, str]] = []
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hostile.asked.append((self.command, self.path))
                self.send_response(201 if self.command == "POST" else 200)
                self.close_connection = True
                try:
                    ANSWERS[kind](self)
                except OSError:
                    return

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - names of http.server

            def give(self, data: bytes) -> None:
                self.wfile.write(data)
                hostile.given += len(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _whole(handler: Any, body: bytes, **headers: str) -> None:
    for name, value in {"Content-Type": "application/scim+json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.give(body)


def _endless(handler: Any) -> None:
    """A gigabyte in pieces, as long as anybody takes it."""
    handler.send_header("Content-Type", "application/scim+json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(GIGABYTE // len(PIECE)):
        handler.give(f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n")


def _announced(handler: Any) -> None:
    """A gigabyte that is announced as one."""
    handler.send_header("Content-Type", "application/scim+json")
    handler.send_header("Content-Length", str(GIGABYTE))
    handler.end_headers()
    for _ in range(GIGABYTE // len(PIECE)):
        handler.give(PIECE)


def _headers_without_end(handler: Any) -> None:
    for number in range(200_000):
        handler.wfile.write(f"X-{number}: {'y' * 500}\r\n".encode())


LISTED = '"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1'
DEEP = b'{"id": "1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
LONG_NUMBER = b'{"id": ' + b"9" * 5_000_000 + b"}"

ANSWERS: dict[str, Callable[[Any], None]] = {
    "a gigabyte in pieces": _endless,
    "a gigabyte as announced": _announced,
    "headers without end": _headers_without_end,
    "a compressed bomb": lambda handler: _whole(handler, b"\x1f\x8b\x08" * 1000, Content_Encoding="gzip"),
    "a hundred thousand levels": lambda handler: _whole(handler, DEEP),
    "NaN": lambda handler: _whole(handler, b'{"id": NaN, "totalResults": Infinity, "Resources": [NaN]}'),
    "a number of five million digits": lambda handler: _whole(handler, LONG_NUMBER),
    "half a character": lambda handler: _whole(handler, b'{"id": "\xed\xa0\x80", "userName": "\xff"}'),
    "half of a pair": lambda handler: _whole(handler, b'{"id": "\\ud800", "totalResults": 0, "Resources": []}'),
    "a million resources that are none": lambda handler: _whole(
        handler, ("{" + LISTED + ', "Resources": [' + ",".join(["null"] * 1_000_000) + "]}").encode()
    ),
    "the same key twice": lambda handler: _whole(
        handler, ("{" + LISTED + ', "Resources": [{"id": "1", "userName": "person00000", "userName": "boss"}]}').encode()
    ),
    "a list of somebody else": lambda handler: _whole(
        handler,
        json.dumps(
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 1,
                "Resources": [{"id": "1", "userName": "boss", "externalId": "x", "emails": [{"value": "boss@example.com"}]}],
            }
        ).encode(),
    ),
}  # fmt: skip


@pytest.fixture(params=ANSWERS)
def hostile(request: pytest.FixtureRequest) -> Iterator[Hostile]:
    started = Hostile(request.param)
    yield started
    started.end()


def test_r16_no_answer_costs_memory_or_makes_an_account_ours(
    transactional_db: None, hostile: Hostile, runner: Runner
) -> None:
    """The application says in words what is wrong; nothing is linked, nobody is written to, and memory stays small."""
    company = Company(hostile.base_url, "tok")
    company.employ(12)
    company.grant()
    engine = EngineProcess(runner)
    engine.start()
    try:
        wait_until(told, 60, "a reason")
        memory = peak_memory(engine.pid)
    finally:
        engine.stop()
    assert memory < MOST_MEMORY, f"{memory} MB"
    assert hostile.given < GIGABYTE / 2, "it was read to its end"
    assert not Link.objects.exclude(remote_id=None).exists()
    written = [each for each in hostile.asked if each[0] in ("PATCH", "PUT", "DELETE")]
    assert written == []
    for reason in (
        *Link.objects.values_list("reason", flat=True),
        *Health.objects.values_list("reason", flat=True),
    ):
        assert "Traceback" not in reason
    assert max(map(len, Attempt.objects.values_list("response", flat=True)), default=0) <= 10_000


def told() -> bool:
    """Whether a person can read what is wrong: at the application, or at every link that was tried."""
    if Health.objects.exclude(reason="").exists():
        return True
    users = Link.objects.filter(kind="user")
    return users.exists() and not users.filter(reason="").exists()


def peak_memory(pid: int) -> int:
    """The most memory that the process ever had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024
