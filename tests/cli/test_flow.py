"""The seed's flow by the command line alone, against a real server process."""

import json
import re

from tests.cli.conftest import Command
from tests.servers import LabServer


def _set_up(provisor: Command, target: LabServer) -> None:
    assert provisor(
        "application", "add", "Chat", "--url", target.base_url, "--token-stdin", given=f"{target.token}\n"
    ).exit_code == 0  # fmt: skip
    for name in ("alice", "bob"):
        made = provisor(
            "user", "create", name, "--given-name", name.title(), "--family-name", "Example",
            "--email", f"{name}@example.com",
        )  # fmt: skip
        assert made.exit_code == 0, made.output
    assert provisor("group", "create", "Sales").exit_code == 0
    assert provisor("group", "add", "Sales", "alice", "bob").exit_code == 0
    assert provisor("policy", "add", "Chat", "Sales").exit_code == 0


def test_the_whole_flow_without_the_console(provisor: Command, target: LabServer) -> None:
    """Application, users, group, policy, sync: the accounts are there; a leaver's account is switched off."""
    _set_up(provisor, target)
    synced = provisor("sync", "chat")
    assert synced.exit_code == 0, synced.output
    assert '"Chat": 3 in sync' in synced.stdout
    assert target.contents().users.keys() == {"alice", "bob"}
    assert provisor("user", "deactivate", "bob").exit_code == 0
    assert provisor("sync", "chat").exit_code == 0
    assert target.contents().users["bob"]["active"] is False


def test_r03_a_second_sync_sends_nothing(provisor: Command, target: LabServer) -> None:
    """Right after the first, a second sync sends no request at all, and says so."""
    _set_up(provisor, target)
    provisor("sync", "chat")
    before = len(target.requests())
    again = provisor("sync", "chat", "--json")
    assert json.loads(again.stdout)["requests"] == 0
    assert len(target.requests()) == before


def test_r19_a_plan_shows_the_requests_and_writes_nothing(provisor: Command, target: LabServer) -> None:
    """The plan names totals, objects and with -v the requests; the server is not written to."""
    _set_up(provisor, target)
    plan = provisor("plan", "Chat", "-v")
    assert plan.exit_code == 0, plan.output
    assert "3 create" in plan.stdout
    assert 'user "alice"' in plan.stdout
    assert "POST /Users" in plan.stdout
    assert not target.contents().users
    totals = json.loads(provisor("plan", "Chat", "--json").stdout)["totals"]
    assert totals["create"] == 3


def test_r19_a_plan_of_one_user_or_group_shows_its_requests(provisor: Command, target: LabServer) -> None:
    """Nothing of the others; the explanation ends with what a pass would do."""
    _set_up(provisor, target)
    one = provisor("plan", "Chat", "--user", "alice").stdout
    assert "POST /Users" in one
    assert "bob" not in one
    group = json.loads(provisor("plan", "Chat", "--group", "Sales", "--json").stdout)
    assert [operation["act"] for operation in group["operations"]] == ["create", "add_members"]
    assert provisor("plan", "Chat", "--user", "alice", "--group", "Sales").exit_code == 2
    assert "A pass would now: create." in provisor("explain", "alice", "Chat").stdout
    assert not target.contents().users


def test_a_plan_after_a_sync_has_nothing_to_do(provisor: Command, target: LabServer) -> None:
    """What is in sync needs nothing, and the plan says that in words."""
    _set_up(provisor, target)
    provisor("sync", "Chat")
    assert "Nothing to do" in provisor("plan", "Chat").stdout


def test_status_shows_every_application(provisor: Command, target: LabServer) -> None:
    """A table for people, a list for programs."""
    assert "no application yet" in provisor("status").stdout
    _set_up(provisor, target)
    provisor("sync", "Chat")
    table = provisor("status")
    assert re.search(r"Chat\s+✓ well\s+3", table.stdout), table.stdout
    assert "No engine runs" in table.stdout
    (status,) = json.loads(provisor("status", "--json").stdout)
    assert (status["name"], status["in_sync"], status["due"]) == ("Chat", 3, 0)


def test_explain_says_why_somebody_has_an_account(provisor: Command, target: LabServer) -> None:
    """The chain names the person, the group and the application."""
    _set_up(provisor, target)
    provisor("sync", "Chat")
    explained = provisor("explain", "ALICE", "chat")
    assert explained.exit_code == 0
    assert "alice" in explained.stdout
    assert "Sales" in explained.stdout


def test_a_refused_token_ends_a_sync_with_one_sentence(provisor: Command, target: LabServer) -> None:
    """401 stops the application; sync does not wait for it, says what to do, and exits with 1."""
    _set_up(provisor, target)
    target.set_options(token="another")
    try:
        synced = provisor("sync", "Chat")
    finally:
        target.set_options(token=target.token)
    assert synced.exit_code == 1
    assert "401" in synced.stderr
    assert "Traceback" not in synced.output


def test_a_pause_stops_and_a_resume_goes_on(provisor: Command, target: LabServer) -> None:
    """While an application is paused a sync sends nothing and says why."""
    _set_up(provisor, target)
    assert provisor("application", "pause", "Chat", "--reason", "Maintenance there.").exit_code == 0
    paused = provisor("sync", "Chat")
    assert paused.exit_code == 1
    assert "Maintenance there." in paused.stderr
    assert not target.contents().users
    assert provisor("application", "resume", "Chat").exit_code == 0
    assert provisor("sync", "Chat").exit_code == 0
    assert len(target.contents().users) == 2


def test_a_removed_policy_brings_nobody(provisor: Command, target: LabServer) -> None:
    """Lists show the policy while it is there; removed, it is gone."""
    _set_up(provisor, target)
    assert "Chat for Sales" in provisor("policy", "list").stdout
    assert provisor("policy", "remove", "Chat", "Sales").exit_code == 0
    assert "no policy yet" in provisor("policy", "list").stdout


def test_doctor_reports_a_server_that_works(provisor: Command, target: LabServer) -> None:
    """Every check passes and nothing is written there."""
    found = provisor("doctor", target.base_url, "--token-stdin", given=f"{target.token}\n")
    assert found.exit_code == 0, found.output
    assert "Provisioning can work." in found.stdout
    assert not target.contents().users


def test_application_test_uses_the_stored_credential(provisor: Command, target: LabServer) -> None:
    """The same checks for an application that is set up."""
    _set_up(provisor, target)
    found = provisor("application", "test", "Chat", "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["ok"] is True


def test_doctor_with_write_leaves_nothing_behind(provisor: Command, target: LabServer) -> None:
    """A throw-away account and group are created, changed, read back and deleted again."""
    found = provisor(
        "doctor", target.base_url, "--token-stdin", "--write", "--json", given=f"{target.token}\n"
    )
    assert found.exit_code == 0, found.output
    levels = {check["name"]: check["level"] for check in json.loads(found.stdout)["checks"]}
    written = ("create user", "create group", "change user", "add member", "remove member", "deactivate")
    assert {levels[name] for name in (*written, "delete user", "delete group")} == {"ok"}
    held = target.contents()
    assert (held.users, held.groups) == ({}, {})
    assert any(request["method"] == "POST" for request in target.requests())


def test_doctor_and_show_say_which_attributes_are_listed(provisor: Command, target: LabServer) -> None:
    """How many, which are required, and what of the mapping does not fit them."""
    found = provisor("doctor", target.base_url, "--token-stdin", given=f"{target.token}\n")
    assert "required: userName" in found.stdout
    _set_up(provisor, target)
    before = provisor("application", "show", "Chat")
    assert "Its attributes were not read yet." in before.stdout
    assert provisor("application", "test", "Chat").exit_code == 0
    shown = json.loads(provisor("application", "show", "Chat", "--json").stdout)
    assert shown["attributes"]["origin"] == "Test connection"
    assert {each["path"] for each in shown["attributes"]["groups"]["attributes"]} >= {"displayName"}
    assert shown["advice"] == []
    after = provisor("application", "show", "chat").stdout
    assert "Attributes of users:" in after
    assert target.token not in after


def test_another_profile_is_planned_and_then_given(provisor: Command, target: LabServer) -> None:
    """A plan changes nothing; the profile changes alone unless a part is taken over."""
    _set_up(provisor, target)
    planned = provisor("application", "profile", "Chat", "slack", "--plan")
    assert planned.exit_code == 0, planned.output
    assert "deprovision deleted" in planned.stdout
    assert "Nothing was changed." in planned.stdout
    assert "generic" in provisor("application", "list").stdout
    given = provisor("application", "profile", "Chat", "slack", "--take", "deprovision")
    assert given.exit_code == 0, given.output
    shown = json.loads(provisor("application", "show", "Chat", "--json").stdout)
    assert (shown["profile"], shown["deprovision"]["deleted"]) == ("slack", "deactivate")
    refused = provisor("application", "profile", "Chat", "slak")
    assert refused.exit_code != 0
    assert 'Did you mean "slack"?' in refused.output
