"""`provisor serve` as a real process."""

import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Process, command_line

Start = Callable[[], tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start a service on a free port; returns the process and the address it printed."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple["subprocess.Popen[str]", str]:
        log = (tmp_path / "serve.log").open("w")
        process = subprocess.Popen(
            command_line("serve", "--port", "0"), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=log,
            text=True,
        )  # fmt: skip
        log.close()
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://localhost:" in line, (tmp_path / "serve.log").read_text()
        return process, line.split()[3]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _get(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return int(answer.status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_gracefully(serve: Start, number: signal.Signals) -> None:
    """The printed address is ready, with a schema made on first start; a signal ends it with status 0."""
    process, address = serve()
    assert _get(f"{address}/healthz/ready") == 200
    process.send_signal(number)
    assert process.wait(timeout=15) == 0


def test_a_second_engine_on_the_same_data_is_refused(serve: Start, process: Process) -> None:
    """One process writes to applications; the second says who does, in a sentence."""
    serve()
    second = process("serve", "--port", "0")
    assert second.returncode == 2
    assert "engine" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_in_use_is_told(process: Process) -> None:
    """The sentence names the port and the option; nothing is left running."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ended = process("serve", "--port", port)
    assert ended.returncode == 2
    assert str(port) in ended.stderr
    assert "--port" in ended.stderr


def test_a_sync_beside_a_service_waits_for_it(serve: Start, process: Process) -> None:
    """The command does not take the engine's place: it asks and waits, here for an application without work."""
    _, _ = serve()
    added = process("application", "add", "Chat", "--url", "https://chat.example.com", "--mode", "enforce")
    assert added.returncode == 0, added.stderr
    begun = time.monotonic()
    synced = process("sync", "Chat", "--wait")
    assert synced.returncode == 0, synced.stderr
    assert time.monotonic() - begun < 60
