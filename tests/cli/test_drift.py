"""Drift by the command line: scan, list, adopt, re-assert, against a real server."""

import json

from tests.cli.conftest import Command
from tests.cli.test_flow import _set_up
from tests.provisioning.vices import existing, patch
from tests.servers import LabServer


def test_a_scan_finds_what_somebody_changed_and_reassert_puts_it_right(
    provisor: Command, target: LabServer
) -> None:
    """In order: nothing differs; changed: exit code 1 and the values; asserted again: as it should be."""
    _set_up(provisor, target)
    provisor("sync", "Chat")
    assert "never scanned" in provisor("drift", "Chat").stdout
    quiet = provisor("scan", "Chat")
    assert quiet.exit_code == 0, quiet.output
    assert "2 users and 1 group read" in quiet.stdout
    identifier = target.state().users["alice"]["id"]
    patch(target, f"/Users/{identifier}", {"op": "replace", "path": "displayName", "value": "Mallory"})
    scanned = provisor("scan", "Chat", "--json")
    assert scanned.exit_code == 1
    assert json.loads(scanned.stdout)["totals"]["changed"] == 1
    listed = provisor("drift", "Chat")
    assert listed.exit_code == 1
    assert "Mallory" in listed.stdout
    assert provisor("reassert", "Chat").exit_code == 0
    assert target.state().users["alice"]["displayName"] != "Mallory"


def test_accounts_that_are_there_already_are_adopted(provisor: Command, target: LabServer) -> None:
    """All that are surely somebody's in one go; another one by its id and a user."""
    existing(target, userName="alice", active=True)
    existing(target, userName="robert", active=True)
    provisor(
        "application",
        "add",
        "Chat",
        "--url",
        target.base_url,
        "--token-stdin",
        "--mode",
        "observe",
        given="tok\n",
    )
    for name in ("alice", "bob"):
        provisor(
            "user",
            "create",
            name,
            "--given-name",
            name,
            "--family-name",
            "Example",
            "--email",
            f"{name}@x.example",
        )
    provisor("group", "create", "Sales")
    provisor("group", "add", "Sales", "alice", "bob")
    provisor("policy", "add", "Chat", "Sales")
    provisor("sync", "Chat")
    assert provisor("scan", "Chat").exit_code == 1
    found = {one["name"]: one for one in json.loads(provisor("drift", "Chat", "--json").stdout)}
    assert (found["alice"]["match"], found["robert"]["match"]) == ("sure", "")
    assert "1 account linked" in provisor("adopt", "Chat", "--matched").stdout
    refused = provisor("adopt", "Chat", found["robert"]["id"])
    assert refused.exit_code == 2
    assert "whose" in refused.stderr
    assert provisor("adopt", "Chat", found["robert"]["id"], "--user", "bob").exit_code == 0
    assert provisor("drift", "Chat").exit_code == 0


def test_wrong_input_is_refused_in_words(provisor: Command, target: LabServer) -> None:
    _set_up(provisor, target)
    for arguments in (("adopt", "Chat"), ("adopt", "Chat", 7), ("drift", "Chat", "--what", "nice")):
        refused = provisor(*arguments)
        assert refused.exit_code == 2
        assert refused.stderr.strip()
