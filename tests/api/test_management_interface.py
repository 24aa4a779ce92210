"""The management interface as a whole: permissions, problems, pages, repeated requests, and its description."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone
from ninja.operation import Operation

from provisor.access.models import Role
from provisor.access.permissions import ADMINISTRATIVE
from provisor.api.management.caller import BearerToken
from provisor.api.management.permissions import PERMISSIONS
from provisor.api.management.urls import interface
from provisor.api.models import KeptAnswer
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.users import create_user
from provisor.notices import outbox
from provisor.notices.channels import add_email
from provisor.provisioning.models import AccessInterval, Attempt, Hold, Link, Run
from tests.api.conftest import Caller
from tests.api.test_management_applications import BASE, NEW, is_problem

SOME_ID = "01a2099d-617c-7495-9291-922262505878"


def operations() -> Iterator[tuple[str, str, Operation]]:
    for router in interface._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield operation.methods[0], path, operation


def test_every_route_asks_for_a_permission_of_the_table() -> None:
    """The inventory of routes: each has one guard, by its operation id, and the table has no others."""
    seen = set()
    for method, path, operation in operations():
        (guard,) = operation.auth_callbacks
        assert isinstance(guard, BearerToken), (method, path)
        assert operation.operation_id is not None
        assert guard.permission is PERMISSIONS[operation.operation_id]
        seen.add(operation.operation_id)
    assert seen == set(PERMISSIONS)


@pytest.mark.parametrize("role", ADMINISTRATIVE)
def test_each_role_reaches_what_its_permissions_say(token_of: Callable[[str], str], role: str) -> None:
    """Role by route: 403 exactly where the role lacks the permission; nothing exists, so the others find nothing."""
    from provisor.access.permissions import allows

    caller = Caller(token_of(role), "/api/v1")
    for method, path, operation in operations():
        address = re.sub(r"{\w+}", SOME_ID, path)
        answer = caller(method, address, {} if method in {"POST", "PATCH"} else None)
        allowed = allows(role, PERMISSIONS[str(operation.operation_id)])
        assert (answer.status != 403) == allowed, (method, path, answer.content)
        assert answer.status < 500


def test_without_a_token_nothing_but_the_description_is_answered(db: None, client: Client) -> None:
    """401 with a challenge, for addresses that do not exist, too; a console session does not count."""
    stranger = Caller("", "/api/v1")
    for path in ("/applications", "/nothing", "", "/"):
        answer = stranger("GET", path)
        assert is_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert stranger("GET", "/openapi.json").status == 200


def test_a_session_of_the_console_is_not_accepted(db: None, client: Client) -> None:
    """Cookies are not looked at, so no page of another site can act through a browser."""
    from provisor.access.models import Account

    account = Account.objects.create(email="o@example.com", role=Role.OWNER, created_at=timezone.now())
    client.force_login(account)
    assert client.get("/api/v1/applications").status_code == 401


def test_every_error_is_a_problem(api: Caller) -> None:
    """404, 405, bad JSON, another format, too large, bad parameters: RFC 9457 each."""
    assert is_problem(api("GET", "/nothing"), 404, "not-found")
    assert is_problem(api("GET", ""), 404, "not-found")
    assert is_problem(api("GET", "/"), 404, "not-found")
    assert is_problem(api("GET", "/applications/nobody"), 404, "not-found")
    answer = api("PUT", "/applications")
    assert is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST"
    assert is_problem(api("POST", "/applications", b"{"), 400, "unreadable")
    assert is_problem(api("POST", "/applications", b"[]"), 422, "invalid", "")
    assert is_problem(api("POST", "/applications", b""), 422, "invalid", "")
    assert is_problem(api("POST", "/applications", b"[" * 2000), 400, "unreadable")
    assert is_problem(api("POST", "/applications", b'{"name": "\\u0000"}'), 400, "unreadable")
    assert is_problem(api("POST", "/applications", b" " * (2**20 + 1)), 413, "too-large")
    assert is_problem(
        api("POST", "/applications", b"a=b", Content_Type="text/plain"), 415, "wrong-media-type"
    )
    assert is_problem(api("GET", "/audit?act=%00"), 400, "unreadable")
    for query in ("limit=0", "limit=1001", "limit=x"):
        answer = api("GET", f"/applications?{query}")
        assert is_problem(answer, 422, "invalid")
        assert answer.body["errors"][0]["parameter"] == "limit"


def test_an_unforeseen_failure_tells_nothing(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 as a problem without a trace of what broke."""

    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("provisor.api.management.engine_port.run", broken)
    answer = api("GET", f"/runs/{SOME_ID}")
    assert is_problem(answer, 500, "failed")
    assert b"secret" not in answer.content


def test_lists_are_paged_by_cursor(api: Caller) -> None:
    """{items, next} until next is null, with the Link header; a cursor is good for its list and filters only."""
    for number in range(5):
        api("POST", "/applications", NEW | {"name": f"A{number}"})
    found, path = [], "/applications?limit=2"
    while path:
        answer = api("GET", path)
        found += [each["name"] for each in answer.body["items"]]
        cursor = answer.body["next"]
        assert ("Link" in answer.headers) == (cursor is not None)
        path = f"/applications?limit=2&cursor={cursor}" if cursor else ""
    assert found == [f"A{number}" for number in range(5)]
    cursor = api("GET", "/applications?limit=2").body["next"]
    for bad in (
        f"/applications?cursor={cursor}x",
        f"/policies?cursor={cursor}",
        f"/applications?name=a1&cursor={cursor}",
    ):
        assert is_problem(api("GET", bad), 400, "bad-cursor")
    assert [each["name"] for each in api("GET", "/applications?name=a1").body["items"]] == ["A1"]


def test_a_repeated_post_is_answered_again_and_not_done_again(api: Caller) -> None:
    """Idempotency-Key: same request, same answer; the secret in the body is not kept."""
    first = api("POST", "/applications", NEW, Idempotency_Key="k-1")
    again = api("POST", "/applications", NEW, Idempotency_Key="k-1")
    assert first.status == again.status == 201
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Application.objects.count() == 1
    kept = KeptAnswer.objects.get()
    assert b"s3cret" not in bytes(kept.body)
    assert "s3cret" not in kept.fingerprint


def test_a_key_belongs_to_one_request_of_one_caller(api: Caller, token_of: Callable[[str], str]) -> None:
    """422 for another body or address; another token may use the same key; what was refused may be sent again."""
    assert api("POST", "/applications", {"name": "A"}, Idempotency_Key="k").status == 422
    assert api("POST", "/applications", NEW, Idempotency_Key="k").status == 201
    assert is_problem(
        api("POST", "/applications", NEW | {"name": "B"}, Idempotency_Key="k"), 422, "key-reused"
    )
    assert is_problem(api("POST", "/policies", NEW, Idempotency_Key="k"), 422, "key-reused")
    other = Caller(token_of(Role.APPLICATION_ADMINISTRATOR), "/api/v1")
    assert other("POST", "/applications", NEW | {"name": "B"}, Idempotency_Key="k").status == 201
    for bad in ("", "x" * 256, "\u00e9"):
        assert is_problem(api("POST", "/applications", NEW, Idempotency_Key=bad), 400, "unreadable")


def test_a_key_is_kept_for_a_day_and_locked_while_the_first_is_at_work(api: Caller) -> None:
    """409 for a twin at the same time; after 24 hours, or when the first died, the key is free."""
    api("POST", "/applications", NEW, Idempotency_Key="k")
    KeptAnswer.objects.update(status=None)
    assert is_problem(api("POST", "/applications", NEW, Idempotency_Key="k"), 409, "not-now")
    KeptAnswer.objects.update(at=timezone.now() - timedelta(minutes=11))
    assert is_problem(api("POST", "/applications", NEW, Idempotency_Key="k"), 409, "duplicate")
    api("POST", "/applications", NEW | {"name": "B"}, Idempotency_Key="k")
    KeptAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    assert api("POST", "/applications", NEW | {"name": "C"}, Idempotency_Key="k").status == 201


def test_the_description_is_openapi_with_stable_ids(api: Caller) -> None:
    """OpenAPI 3.1: every operation of the table, each once, with its answer, its problem and its security."""
    description = api("GET", "/openapi.json").body
    assert description["openapi"].startswith("3.1")
    listed = [each for path in description["paths"].values() for each in path.values()]
    assert sorted(each["operationId"] for each in listed) == sorted(PERMISSIONS)
    for each in listed:
        assert each["security"] == [{"BearerToken": []}]
        assert each["responses"]["403"] == {"$ref": "#/components/responses/Problem"}
    assert "application/problem+json" in description["components"]["responses"]["Problem"]["content"]
    new = description["components"]["schemas"]["ApplicationNewBody"]
    assert str(new).count("$ref") or "base_url" in new["properties"]
    assert description["components"]["schemas"]["Auth"]["properties"]["token"]["writeOnly"] is True


@pytest.fixture
def history(api: Caller) -> str:
    """An application with links, a hold, a run and attempts, written as the engine writes them."""
    application_id: str = api("POST", "/applications", NEW).body["id"]
    links = [
        Link.objects.create(
            application_id=application_id,
            kind=kind,
            local_id=local,
            state=state,
            changed_at=1_700_000_000_000,
        )
        for kind, local, state in (
            ("user", "01a2099d-0000-7000-8000-000000000001", "in_sync"),
            ("user", "01a2099d-0000-7000-8000-000000000002", "held"),
            ("group", "01a2099d-0000-7000-8000-000000000003", "failed"),
        )
    ]
    Hold.objects.create(
        application_id=application_id,
        link_id=links[1].pk,
        act="deactivate",
        effect="abc",
        held_at=1_700_000_000_000,
    )
    Run.objects.create(
        id=SOME_ID, application_id=application_id, started_at=1_700_000_000_000, totals={"create": 1}
    )
    for number, link in enumerate(links):
        Attempt.objects.create(
            application_id=application_id, link_id=link.pk, local_id=link.local_id, run_id=SOME_ID, at=1_700_000_000_000 + number,
            act="create", method="POST", path="/Users", status=201, milliseconds=1.5,
        )  # fmt: skip
    return application_id


def test_links_are_listed_and_filtered(api: Caller, history: str) -> None:
    """?kind= and ?state= narrow the list; a single link shows what was sent and seen."""
    path = f"/applications/{history}/links"
    assert [each["kind"] for each in api("GET", path).body["items"]] == ["user", "user", "group"]
    (held,) = api("GET", f"{path}?kind=user&state=held").body["items"]
    assert held["changed_at"] == "2023-11-14T22:13:20.000000Z"
    assert is_problem(api("GET", f"{path}?state=nice"), 422, "invalid")
    assert api("GET", f"{path}/{held['id']}").body == held | {"sent": None, "observed": None}
    assert is_problem(api("GET", f"{path}/999999"), 404, "not-found")
    assert is_problem(api("GET", f"{path}/-1"), 404, "not-found")
    other = api("POST", "/applications", NEW | {"name": "Other"}).body["id"]
    assert is_problem(api("GET", f"/applications/{other}/links/{held['id']}"), 404, "not-found")
    first = api("GET", f"{path}?limit=2").body
    assert len(api("GET", f"{path}?limit=2&cursor={first['next']}").body["items"]) == 1


def test_attempts_and_runs_are_read(api: Caller, history: str) -> None:
    """Attempts come newest first, by application and by user; a run has its totals."""
    everything = api("GET", f"/attempts?application={history}").body["items"]
    assert [each["at"] for each in everything] == sorted((each["at"] for each in everything), reverse=True)
    user = "01a2099d-0000-7000-8000-000000000001"
    assert [each["local_id"] for each in api("GET", f"/attempts?user={user}").body["items"]] == [user]
    page = api("GET", "/attempts?limit=2").body
    assert len(api("GET", f"/attempts?limit=2&cursor={page['next']}").body["items"]) == 1
    assert is_problem(api("GET", "/attempts?user=x"), 404, "not-found")
    run = api("GET", f"/runs/{SOME_ID}").body
    assert (run["started_at"], run["finished_at"], run["totals"]) == (
        "2023-11-14T22:13:20.000000Z",
        None,
        {"create": 1},
    )


def test_holds_are_listed_and_bound_to_their_effect(api: Caller, history: str) -> None:
    """A release that names another effect than the present one is refused with 412."""
    (hold,) = api("GET", f"/applications/{history}/holds?state=held").body["items"]
    assert (hold["kind"], hold["act"], hold["user"]) == ("user", "deactivate", None)
    path = f"/applications/{history}/holds/{hold['id']}"
    assert is_problem(api("POST", f"{path}/release", {"effect": "xyz"}), 412, "changed-meanwhile")
    assert is_problem(api("POST", f"/applications/{history}/holds/{SOME_ID}/reject"), 404, "not-found")


def test_r10_a_release_names_the_effect_in_the_body_or_as_if_match(api: Caller, history: str) -> None:
    """Without one it is refused with 428; the hold's ETag is its effect."""
    (hold,) = api("GET", f"/applications/{history}/holds").body["items"]
    path = f"/applications/{history}/holds/{hold['id']}"
    assert is_problem(api("POST", f"{path}/release"), 428, "effect-required")
    assert api("GET", path).headers["ETag"] == '"abc"'
    assert is_problem(api("POST", f"{path}/release", If_Match='"xyz"'), 412, "changed-meanwhile")
    assert is_problem(api("POST", f"{path}/reject", If_Match='"xyz"'), 412, "changed-meanwhile")
    released = api("POST", f"{path}/release", If_Match='"abc"').body
    assert released["state"] == "released"
    assert released["expires_at"] > released["decided_at"]


def test_r10_all_holds_are_decided_by_the_hash_of_what_was_listed(api: Caller, history: str) -> None:
    """The list says how many are held and the hash of them all; another one decides nothing."""
    path = f"/applications/{history}/holds"
    listed = api("GET", path).body
    assert listed["held"] == 1
    for act in ("release", "reject"):
        assert is_problem(api("POST", f"{path}/{act}"), 428, "effect-required")
        assert is_problem(api("POST", f"{path}/{act}", {"effects": "xyz"}), 409, "not-now")
    done = api("POST", f"{path}/release", {"effects": listed["effects"]}).body
    assert done == {"done": 1, "left": 0, "reasons": []}
    assert is_problem(api("POST", f"{path}/reject", {"effects": listed["effects"]}), 409, "not-now")


def test_holds_are_decided(api: Caller, history: str) -> None:
    """Release and reject say who decided; a second decision is refused with 409."""
    (hold,) = api("GET", f"/applications/{history}/holds").body["items"]
    path = f"/applications/{history}/holds/{hold['id']}"
    released = api("POST", f"{path}/release", {"effect": "abc"}).body
    assert (released["state"], released["decided_by"]) == ("released", 'owner@example.com, token "test"')
    assert is_problem(api("POST", f"{path}/reject"), 409, "not-now")


def test_the_whole_chain_of_one_user_is_explained(api: Caller) -> None:
    """Journal entry, membership, policy, account and plan; and where it breaks, for somebody in no group."""
    application_id = api("POST", "/applications", NEW).body["id"]
    alice, bob = (create_user({"userName": name}, actor=SYSTEM) for name in ("alice", "bob"))
    group = create_group("Sales", actor=SYSTEM)
    add_members(group.id, [alice.id], actor=SYSTEM)
    granted = {"name": "Chat for Sales", "application": application_id, "group": str(group.id)}
    api("POST", "/policies", granted)
    path = f"/applications/{application_id}/explain"
    found = api("GET", f"{path}?user={alice.id}").body
    assert (found["granted"], found["has_account"]) == (True, False)
    joined = next(step for step in found["steps"] if "is in “Sales”" in step["text"])
    assert (joined["actor"], joined["way"]) == ("Provisor", 1)
    assert [operation["act"] for operation in found["plan"]["operations"]] == ["create"]
    lost = api("GET", f"{path}?user={bob.id}").body
    assert (lost["granted"], lost["plan"]["operations"]) == (False, [])
    assert any(step["missing"] and step["mend"] == "add-to-group" for step in lost["steps"])
    assert is_problem(api("GET", f"{path}?user=nobody"), 404, "not-found")


def test_access_on_a_day_is_read_by_application_and_by_user(api: Caller, history: str) -> None:
    """In pages; a wrong day or zone is refused with 422."""
    people = [create_user({"userName": f"user{number}"}, actor=SYSTEM) for number in range(3)]
    for person in people:
        AccessInterval.objects.create(
            application_id=history,
            user_id=person.id,
            remote_id="r",
            from_at=1_700_000_000_000,
            from_cause="assigned",
        )
    path = f"/applications/{history}/access"
    first = api("GET", f"{path}?on=2023-11-14&limit=2").body
    assert [row["user_name"] for row in first["items"]] == ["user0", "user1"]
    assert (first["items"][0]["from"], first["items"][0]["to"]) == ("2023-11-14T22:13:20.000000Z", None)
    assert len(api("GET", f"{path}?on=2023-11-14&limit=2&cursor={first['next']}").body["items"]) == 1
    assert api("GET", f"{path}?on=2023-11-13").body["items"] == []
    assert len(api("GET", f"{path}?on=2023-11-15&user={people[0].id}").body["items"]) == 1
    assert len(api("GET", f"/access?on=2023-11-15&user={people[0].id}").body["items"]) == 1
    assert is_problem(api("GET", f"{path}?on=soon"), 422, "invalid")
    assert is_problem(api("GET", f"{path}?on=2023-11-14&zone=Mars"), 422, "invalid")


def test_links_are_decided(api: Caller, history: str) -> None:
    """Retry, ignore, adopt and unlink change the link that they are asked for."""
    path = f"/applications/{history}/links"
    failed = api("GET", f"{path}?state=failed").body["items"][0]["id"]
    assert api("POST", f"{path}/{failed}/retry").body["state"] == "due"
    assert api("POST", f"{path}/{failed}/ignore").body["state"] == "excluded"
    assert is_problem(api("POST", f"{path}/{failed}/adopt"), 409, "not-now")
    adopted = api("POST", f"{path}/{failed}/adopt", {"remote_id": "r-1"}).body
    assert (adopted["origin"], adopted["remote_id"]) == ("adopted", "r-1")
    assert api("POST", f"{path}/{failed}/unlink").body["remote_id"] is None


def test_sync_answers_with_a_run_to_follow(api: Caller) -> None:
    """202 with the run, whose address is in Location."""
    application = api("POST", "/applications", NEW).body["id"]
    answer = api("POST", f"/applications/{application}/sync")
    assert (answer.status, answer.body["state"]) == (202, "requested")
    assert answer.headers["Location"] == f"/api/v1/runs/{answer.body['id']}"
    assert api("GET", f"/runs/{answer.body['id']}").body == answer.body


def test_r19_a_plan_is_paged_and_writes_nothing(api: Caller) -> None:
    """Totals count everything, operations come by page, and the plan of one user is asked for by id."""
    group = create_group("Sales", actor=SYSTEM)
    people = [create_user({"userName": f"u{n}", "displayName": "U", "name": {"givenName": "U", "familyName": "U"},
                           "emails": [{"value": "u@x.io", "type": "work"}]}, actor=SYSTEM) for n in range(3)]  # fmt: skip
    add_members(group.id, [each.id for each in people], actor=SYSTEM)
    application = api("POST", "/applications", NEW).body["id"]
    api(
        "POST",
        "/policies",
        {"name": "P", "application": application, "group": str(group.id), "push_group": False},
    )
    path = f"/applications/{application}/plan"
    plan = api("GET", f"{path}?limit=2").body
    assert plan["totals"] == {"create": 3}
    rest = api("POST", f"{path}?limit=2&cursor={plan['next']}").body
    assert (len(plan["operations"]), len(rest["operations"]), rest["next"]) == (2, 1, None)
    one = api("GET", f"{path}?user={people[0].id}").body
    assert (one["in_scope"], [each["act"] for each in one["operations"]]) == (True, ["create"])
    assert is_problem(api("GET", f"{path}?group={SOME_ID}"), 404, "not-found")
    assert not Link.objects.exists()


def test_a_connection_without_credentials_cannot_work(api: Caller) -> None:
    """The test answers 200 with what is wrong; nothing is sent."""
    application = api("POST", "/applications", {"name": "A", "base_url": BASE}).body["id"]
    report = api("POST", f"/applications/{application}/test").body
    assert report["ok"] is False
    assert [(each["name"], each["level"]) for each in report["checks"]] == [("credential", "error")]


def test_audit_and_journal_are_read(api: Caller) -> None:
    """Newest first, filtered by act and subject, with before and after."""
    application = api("POST", "/applications", NEW).body["id"]
    api("PATCH", f"/applications/{application}", {"name": "New"})
    (entry,) = api("GET", f"/audit?act=application.updated&subject={application}").body["items"]
    assert (entry["before"], entry["after"]) == ({"name": "Example"}, {"name": "New"})
    assert entry["actor"]["kind"] == "token"
    events = [each["event"] for each in api("GET", f"/journal?subject={application}").body["items"]]
    assert events == ["application.updated", "application.created"]
    page = api("GET", "/journal?limit=1").body
    assert api("GET", f"/journal?limit=1&cursor={page['next']}").body["items"] != page["items"]


@pytest.mark.parametrize("name", ["jsonl", "ocsf", "cef"])
def test_the_audit_record_is_exported_line_by_line_from_where_the_last_export_ended(
    api: Caller, name: str
) -> None:
    """Oldest first, so that the last id is where the next one begins."""
    for number in range(3):
        api("POST", "/applications", {**NEW, "name": f"A{number}"})
    whole = api("GET", "/audit/export?format=jsonl").content.splitlines()
    ids = [orjson.loads(line)["id"] for line in whole]
    assert ids == sorted(ids)
    rest = api("GET", f"/audit/export?format={name}&after={ids[-3]}")
    assert rest.status == 200
    assert len(rest.content.splitlines()) == 2
    assert len(api("GET", f"/audit/export?format={name}&act=application.created").content.splitlines()) == 3


def test_an_unknown_format_of_an_export_is_a_problem(api: Caller) -> None:
    assert is_problem(api("GET", "/audit/export?format=xml"), 422, "invalid")


def test_profiles_are_searched(api: Caller) -> None:
    """The generic profile is always found, and last."""
    assert [each["id"] for each in api("GET", "/profiles?search=slack").body["items"]] == ["slack", "generic"]
    everything = api("GET", "/profiles").body["items"]
    first = api("GET", "/profiles?limit=3").body
    second = api("GET", f"/profiles?limit=1000&cursor={first['next']}").body
    assert first["items"] + second["items"] == everything
    assert second["next"] is None


def test_provisioning_one_needs_one(api: Caller, settings: Any, tmp_path: Path) -> None:
    """Either a user or a group, who must exist; where no engine runs, it is refused with 409."""
    settings.DATA_DIR = tmp_path
    application = api("POST", "/applications", {"name": "A", "base_url": BASE}).body["id"]
    path = f"/applications/{application}/provision"
    assert is_problem(api("POST", path, {}), 422, "invalid")
    assert is_problem(api("POST", path, {"user": SOME_ID, "group": SOME_ID}), 422, "invalid")
    assert is_problem(api("POST", path, {"user": SOME_ID}), 404, "not-found")
    user = create_user({"userName": "u"}, actor=SYSTEM)
    assert is_problem(api("POST", path, {"user": str(user.id)}), 409, "not-now")


def test_notices_are_read_with_what_became_of_them(api: Caller) -> None:
    """Newest first, by event and application, page by page."""
    add_email("ops@example.com", ["refused", "held"], actor=SYSTEM)
    application = Application.objects.get(pk=api("POST", "/applications", NEW).body["id"])
    outbox.begin("refused", "It said 401.", now=1_700_000_000_000, application=application)
    outbox.begin("held", "One is held.", now=1_700_000_001_000, application=application)
    both = api("GET", f"/notices?application={application.pk}").body["items"]
    assert [each["event"] for each in both] == ["held", "refused"]
    (one,) = api("GET", "/notices?event=refused").body["items"]
    assert one["message"] == "It said 401."
    assert [(each["channel"], each["state"]) for each in one["deliveries"]] == [
        ("ops@example.com", "waiting")
    ]
    page = api("GET", "/notices?limit=1").body
    (second,) = api("GET", f"/notices?limit=1&cursor={page['next']}").body["items"]
    assert second["event"] == "refused"
