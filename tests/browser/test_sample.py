"""From an empty system to accounts in a real SCIM server with one click, and what becomes of it at a restart."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.service import EMAIL, PASSWORD, Service, run_command
from tests.servers.processes import ServerProcess
from tests.servers.reader import Contents, read_contents

_ENTRY = "from provisor.cli.main import run; run()"
#: 120 people, of whom 2 are outside the company and 2 have left.
_ACCOUNTS, _GROUPS = 116, 11
#: Reading one account, and writing it.
_AT_MOST = 2


@contextmanager
def _serving(directory: Path) -> Iterator[Service]:
    """`provisor serve` as a person starts it first: no setting, and so no loopback for applications."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    command = [sys.executable, "-c", _ENTRY, "serve", "--port", "0"]
    output = directory / "output.txt"
    process = ServerProcess(command, output, {**environment, "PROVISOR_DATA_DIR": str(directory)})
    try:
        process.wait(lambda: "http://localhost:" in process.printed())
        line = next(line for line in process.printed().splitlines() if "http://localhost:" in line)
        yield Service(address=line.split()[3], directory=directory, process=process)
    finally:
        process.end(signal.SIGTERM)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    run_command(made, "admin", "create", "--email", EMAIL, "--password-stdin", given=PASSWORD)
    return made


def _target(directory: Path) -> Contents:
    """What the target holds, read with the token that only Provisor knows."""
    return read_contents(_base_url(directory), _token(directory))


def _base_url(directory: Path) -> str:
    note = json.loads((directory / "sample-target" / "target.json").read_text())
    return f"http://127.0.0.1:{note['port']}/v2"


def _token(directory: Path) -> str:
    """Opened with the key of the installation, as nobody else can."""
    return _run_script(directory, _TOKEN).strip()


_TOKEN = """
from provisor.site.start import start
start()
from provisor.applications.credentials import open_credential
from provisor.applications.models import Application
print(open_credential(Application.objects.get().id).values["token"])
"""


def _run_script(directory: Path, script: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "PROVISOR_DATA_DIR": str(directory)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _writes(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "provisor.sqlite3")) as database:
        count: int = database.execute(
            "SELECT count(*) FROM provisioning_attempt WHERE method <> 'GET'"
        ).fetchone()[0]
        return count


def test_from_an_empty_system_to_accounts_in_a_real_server_and_back_after_a_restart(
    blank: Page, directory: Path
):
    with _serving(directory) as service:
        sign_in(blank, service)
        assert blank.sight.accessibility() == []
        blank.get_by_role("button", name="Load the sample company with a test target").click()
        watch = blank.get_by_role("link", name="Watch the accounts appear")
        expect(watch).to_be_visible(timeout=30_000)
        expect(blank.locator("#work")).to_contain_text("120 people in 12 groups")
        watch.click()
        expect(blank.locator("main")).to_contain_text(
            re.compile(rf"{_ACCOUNTS + _GROUPS} in sync"), timeout=30_000
        )
        first = _target(directory)
        assert (len(first.users), len(first.groups)) == (_ACCOUNTS, _GROUPS)
        assert len(first.groups["Halden Energy"]["members"]) == _ACCOUNTS
        blank.goto(service.address)
        expect(blank.get_by_text("Nothing needs you.")).to_be_visible()
        expect(blank.get_by_text("Load the sample company")).to_have_count(0)
        # A page that stays open would miss the service while it is down, and say so.
        blank.goto("about:blank")

    before = _writes(directory)
    with _serving(directory) as service:
        assert _target(directory) == first
        # It is the same target with the same accounts: one change is one write, and nothing is sent again.
        leaver = next(name for name in first.users if first.users[name]["title"] == "Analyst")
        run_command(directory, "user", "deactivate", leaver)
        service.process.wait(lambda: _target(directory).users[leaver]["active"] is False)
        assert _writes(directory) - before <= _AT_MOST
        blank.goto(service.address)
        blank.get_by_role("link", name="Sample target").first.click()
        blank.wait_for_url(re.compile("/apps/"))
        _delete(blank)
        expect(blank.locator("main")).to_contain_text(
            "Sample target was deleted, and its test target with it."
        )
        service.process.wait(lambda: not (directory / "sample-target").exists())
        blank.goto("about:blank")


def _delete(page: Page) -> None:
    page.goto(page.url.rstrip("/") + "/settings/delete")
    page.get_by_label("Type the name of the application to confirm").fill("Sample target")
    page.get_by_role("button", name=re.compile("^Delete")).click()
