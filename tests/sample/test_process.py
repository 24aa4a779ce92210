"""The process of the test target: scim2-server on a socket of ours, with what it holds in a file."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from provisor.sample.process import TargetFailed, TargetProcess, listen
from tests.sample.conftest import until
from tests.servers.reader import get, post, read_users

ADA = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}


class Target:
    """One server on one port; `start` runs it, again and again with the same file."""

    def __init__(self, directory: Path) -> None:
        self.listener = listen()
        self.directory, self.kept = directory, directory / "resources.json"
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v2"

    def start(self, token: str = "tok") -> TargetProcess:
        process = TargetProcess(self.listener, token, log=self.directory / "output.txt", kept=self.kept)
        process.ready()
        return process


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    one = Target(tmp_path)
    yield one
    one.listener.close()


def test_it_answers_who_has_the_token_and_nobody_else(target: Target) -> None:
    process = target.start()
    try:
        assert read_users(target.base_url, "tok") == {}
        with pytest.raises(HTTPError, match="401"):
            read_users(target.base_url, "another")
    finally:
        process.end()


def test_what_it_holds_is_there_after_a_restart_with_ids_and_versions_that_do_not_repeat(
    target: Target,
) -> None:
    """Otherwise every account would be drift after a restart, and an entity tag could mean another state."""
    process = target.start()
    made = post(f"{target.base_url}/Users", ADA, "tok")
    process.end()
    process = target.start()
    try:
        found = read_users(target.base_url, "tok")["ada"]
        later = post(f"{target.base_url}/Users", {**ADA, "userName": "bo"}, "tok")
    finally:
        process.end()
    assert (found["id"], found["meta"]["version"]) == (made["id"], made["meta"]["version"])
    assert later["meta"]["version"] != made["meta"]["version"]


def test_neither_arguments_nor_environment_of_the_process_hold_a_secret(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is not ours: the keys of the installation are no business of its, and ps shows arguments to all."""
    monkeypatch.setenv("PROVISOR_ENCRYPTION_KEY", "the-key-of-the-vault")
    process = target.start("the-token-of-the-target")
    try:
        about = Path(f"/proc/{process._process.pid}")
        seen = (about / "environ").read_bytes() + (about / "cmdline").read_bytes()
    finally:
        process.end()
    assert b"provisor.sample.server" in seen
    assert b"the-key-of-the-vault" not in seen
    assert b"the-token-of-the-target" not in seen


def test_a_service_that_is_killed_takes_its_target_with_it_and_nothing_is_lost(tmp_path: Path) -> None:
    """SIGKILL leaves no time for anything: the end of the pipe tells the target."""
    script = (
        "import pathlib, sys, time\n"
        "from provisor.sample.process import TargetProcess, listen\n"
        "listener, here = listen(), pathlib.Path(sys.argv[1])\n"
        "process = TargetProcess(listener, 'tok', log=here / 'output.txt', kept=here / 'resources.json')\n"
        "process.ready()\n"
        "print(listener.getsockname()[1], process._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    service = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert service.stdout is not None
    with service.stdout:
        port, pid = map(int, service.stdout.readline().split())
    post(f"http://127.0.0.1:{port}/v2/Users", ADA, "tok")
    service.send_signal(signal.SIGKILL)
    service.wait()
    until(lambda: not _lives(pid))
    assert '"ada"' in (tmp_path / "resources.json").read_text()


def _lives(pid: int) -> bool:
    """Whether the process runs; one that has ended may wait for its new parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_service_does_not_end_it_before_its_turn(
    target: Target, number: signal.Signals
) -> None:
    """The engine may still be sending when a terminal or a service manager signals every process."""
    process = target.start()
    try:
        os.kill(process._process.pid, number)
        assert get(f"{target.base_url}/ServiceProviderConfig", "tok")
        assert process.alive()
    finally:
        process.end()


def test_one_that_cannot_start_says_where_it_printed_why(target: Target) -> None:
    target.kept.write_text("this is no list of resources")
    with pytest.raises(TargetFailed, match=r"did not start.*output\.txt"):
        target.start()
    assert "JSONDecodeError" in (target.directory / "output.txt").read_text()
