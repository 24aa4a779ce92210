"""R15: trust is earned. The first writes of each kind are read back, and what was not done is done in another form."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from provisor.applications.models import Capability
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user
from provisor.provisioning.models import AccessInterval, Link
from provisor.provisioning.perform.probation import GOOD, SAMPLES_AT_MOST
from provisor.provisioning.preview.preview import plan_application
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation
from tests.provisioning.test_hostile import LIST, Answer, OddApplication, as_json
from tests.provisioning.test_hostile import odd as odd  # noqa: PLC0414 - a fixture
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    declare,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def learned(installation: Installation) -> dict[str, Any]:
    """What was found out by trying, without what the documents say."""
    rows = Capability.objects.filter(application=installation.application, origin=Capability.Origin.PROBE)
    documents = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
    return {row.name: row.value for row in rows if row.evidence not in documents and row.name != "read_back"}


def evidence(installation: Installation, name: str) -> str:
    return Capability.objects.get(application=installation.application, name=name, origin="probe").evidence


# --- users --------------------------------------------------------------------------------------------------------------


def test_r15_a_patch_that_changes_nothing_is_found_out_and_done_by_put(
    installation: Installation, target: LabServer
) -> None:
    """The answer is 204, and nothing is done: the change arrives in the same pass, and PATCH is not tried again."""
    target.set_options(patch_applied="none")
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director")
    passes(installation, 1)
    assert only_once(target)["alice"]["title"] == "Director"
    assert learned(installation) == {"patch_users": False}
    assert "left title as before" in evidence(installation, "patch_users")
    seen = received(target)
    change(user, title="Chief")
    passes(installation, 1)
    assert [entry["method"] for entry in writes(target, after=seen)] == ["PUT"]
    assert only_once(target)["alice"]["title"] == "Chief"


def test_r15_a_body_that_claims_the_change_is_no_proof(installation: Installation, target: LabServer) -> None:
    """The PATCH is answered with 200 and the resource: what counts is what a GET shows afterwards."""
    target.set_options(patch_applied="none", patch_answer="body")
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director")
    passes(installation, 1)
    assert only_once(target)["alice"]["title"] == "Director"


def test_r15_an_application_that_overlooks_paths_is_spoken_to_without(
    installation: Installation, target: LabServer
) -> None:
    """Simple values and sub-attributes go without a path; what needs one goes by PUT."""
    target.set_options(patch_applied="pathless", keep_requests=True)
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director", name={"givenName": "Alicia", "familyName": "Example"})
    passes(installation, 1)
    change(user, emails=[{"value": "alicia@example.com", "type": "work", "primary": True}])
    passes(installation, 1)
    account = only_once(target)["alice"]
    assert account["title"] == "Director"
    assert account["name"]["givenName"] == "Alicia"
    assert [email["value"] for email in account["emails"]] == ["alicia@example.com"]
    assert learned(installation) == {"patch_form": "pathless", "put_instead": ["user element"]}
    seen = received(target)
    change(user, title="Chief")
    plan = plan_application(installation.application.id)
    passes(installation, 1)
    (entry,) = [one for one in target.requests(after=seen, whole=True) if one["method"] != "GET"]
    assert "path" not in orjson.loads(entry["body"])["Operations"][0]
    assert plan["operations"][0]["requests"][0]["body"] == orjson.loads(entry["body"])


def test_r15_an_application_that_overlooks_what_has_no_path_is_given_paths(
    installation: Installation, target: LabServer
) -> None:
    """The profile, or a person, was wrong about the form: what works replaces it for this pass."""
    target.set_options(patch_applied="paths")
    declare(installation, patch_form="pathless")
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director")
    passes(installation, 1)
    assert only_once(target)["alice"]["title"] == "Director"
    assert learned(installation) == {"patch_form": "paths"}


def test_r15_a_form_that_is_refused_leads_to_the_next_one(
    installation: Installation, target: LabServer
) -> None:
    """400 invalidPath for what has no path: it is said with paths at once."""
    target.set_options(pathless_patch=False)
    declare(installation, patch_form="pathless")
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director")
    passes(installation, 1)
    assert only_once(target)["alice"]["title"] == "Director"
    assert "refused with 400" in evidence(installation, "patch_form")
    assert log(target, "PUT") == []


def test_r15_where_nothing_works_the_link_says_what_was_tried(
    installation: Installation, target: LabServer
) -> None:
    """No PUT either: the link fails with the forms, the answer and the value that stands; others go on."""
    target.set_options(patch_applied="none", put=False)
    user, other = installation.users("alice", "bob")
    installation.granted("Sales", user, other, push_group=False)
    passes(installation, 1)
    change(user, displayName="Al")
    passes(installation, 1)
    link = installation.link(user)
    assert link.state == Link.State.FAILED
    assert "a PATCH with paths and a PATCH without paths" in link.reason
    assert 'displayName is "Alice Example"' in link.reason
    assert "mapping" in link.reason
    assert installation.link(other).state == Link.State.IN_SYNC


@pytest.mark.parametrize("patch", [True, False])
def test_r15_an_attribute_that_the_application_drops_is_no_failure(
    installation: Installation, target: LabServer, patch: bool
) -> None:
    """Nothing is concluded about PATCH from an attribute that is never kept; it is remembered as not there."""
    target.set_options(drops=["title"], patch=patch)
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director")
    passes(installation, 1)
    link = installation.link(user)
    assert link.state == Link.State.IN_SYNC
    assert {path: link.observed[path] for path in link.sent if path in link.observed} == {"title": None}
    assert learned(installation) == {}
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen


def test_r15_an_attribute_that_is_dropped_proves_nothing_of_the_others(
    installation: Installation, target: LabServer
) -> None:
    """The title is never kept, and the PATCH that carries it and a name does nothing: the name arrives by PUT."""
    target.set_options(drops=["title"], patch_applied="none")
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    change(user, title="Director", displayName="Al")
    passes(installation, 1)
    assert only_once(target)["alice"]["displayName"] == "Al"
    assert learned(installation) == {"patch_users": False}


def test_r15_proving_costs_a_handful_of_reads(installation: Installation, target: LabServer) -> None:
    """Of two hundred new accounts and as many changes a few are read; the next pass reads what it samples."""
    people = crowd(200)
    installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    for user in people:
        change(user, title="Director")
    passes(installation, 1)
    reads = log(target, "GET", "/Users/")
    # each is read back, changes before as well; then samples, in both passes
    assert 3 * GOOD <= len(reads) <= 3 * GOOD + 2 * SAMPLES_AT_MOST
    assert {user["title"] for user in only_once(target).values()} == {"Director"}
    stored = Capability.objects.get(application=installation.application, name="read_back")
    assert stored.value == {"user create": GOOD, "user value paths": GOOD}


def test_r15_many_changes_at_once_wait_for_the_first_proof(
    installation: Installation, target: LabServer
) -> None:
    """Twenty changes are under way together, and none of them is taken for done while PATCH is not proved."""
    people = crowd(20)
    installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    target.set_options(patch_applied="none")
    for user in people:
        change(user, title="Director")
    passes(installation, 1)
    assert {user["title"] for user in only_once(target).values()} == {"Director"}
    assert installation.states() == {"in_sync": 20}


def test_r15_another_address_has_to_prove_itself_anew(installation: Installation, target: LabServer) -> None:
    """What was proved of one address says nothing of another one."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    row = Capability.objects.get(application=installation.application, name="read_back")
    assert row.evidence == target.base_url
    Capability.objects.filter(pk=row.pk).update(evidence="https://elsewhere.example/scim", value={"x": 1})
    seen = received(target)
    change(user, title="Director")
    passes(installation, 1)
    assert len(log(target, "GET", "/Users/", after=seen)) == 2
    row.refresh_from_db()
    assert row.value == {"user value paths": 1}


# --- leaving ------------------------------------------------------------------------------------------------------------


def test_r15_a_deactivation_that_leaves_the_account_open_is_done_by_put(
    installation: Installation, target: LabServer
) -> None:
    """Updates are done by PATCH, the deactivation is not: the leaver is out all the same."""
    user = installation.user("alice")
    group = installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    target.set_options(patch_applied="none")
    remove_members(group.id, [user.id], actor=SYSTEM)
    passes(installation, 1)
    assert only_once(target)["alice"]["active"] is False
    assert installation.link(user).state == Link.State.RELEASED


def test_r15_a_deactivation_that_nothing_does_is_no_departure(
    installation: Installation, target: LabServer
) -> None:
    """The account is open still: the link says so, and nobody believes that access has ended."""
    user = installation.user("alice")
    group = installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    target.set_options(patch_applied="none", put=False)
    remove_members(group.id, [user.id], actor=SYSTEM)
    passes(installation, 1)
    link = installation.link(user)
    assert link.state == Link.State.FAILED
    assert "active is" in link.reason
    assert AccessInterval.objects.get(user_id=user.id).to_at is None


def test_r15_a_deactivation_that_deletes_is_a_fact_from_then_on(
    installation: Installation, target: LabServer
) -> None:
    """The account is not there any more: remembered, and the next leaver's plan says "delete"."""
    target.set_options(active_false_deletes=True)
    people = installation.users("alice", "bob")
    group = installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    assert set(only_once(target)) == {"bob"}
    assert learned(installation) == {"active_false_means": "delete"}
    assert not Link.objects.filter(local_id=people[0].id).exists()
    assert AccessInterval.objects.get(user_id=people[0].id).to_cause == "unassigned"
    remove_members(group.id, [people[1].id], actor=SYSTEM)
    assert plan_application(installation.application.id)["totals"] == {"delete": 1}
    add_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 2)
    assert set(only_once(target)) == {"alice"}


def test_r13_r15_accounts_that_our_own_deactivations_deleted_do_not_look_like_a_wrong_address(
    installation: Installation, target: LabServer
) -> None:
    """Their answers were lost, so each is in doubt; one of them has come back meanwhile and gets an account again."""
    target.set_options(active_false_deletes=True)
    configure(installation, brake={"count": 100})
    people = installation.users("alice", "bob", "carol", "dave", "erin", "frank", "grace")
    group = installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    target.set_options(faults=[fault("reset", "PATCH", nth=2, count=0, handled=True)])
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    passes(installation, 1)
    add_members(group.id, [people[5].id], actor=SYSTEM)
    target.set_options(faults=[])
    passes(installation, 3)
    assert application_status(installation.application.id)["state"] == "well"
    assert set(only_once(target)) == {"frank", "grace"}
    assert installation.states() == {"in_sync": 2}


def test_r15_a_delete_that_is_not_there_is_learned_and_the_account_deactivated(
    installation: Installation, target: LabServer
) -> None:
    """405: the leaver is out, and the next one is deactivated at once."""
    target.set_options(delete=False)
    people = installation.users("alice", "bob")
    installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    for user in people:
        delete_user(user.id, actor=SYSTEM)
        passes(installation, 1)
    assert {name: user["active"] for name, user in only_once(target).items()} == {
        "alice": False,
        "bob": False,
    }
    assert len(log(target, "DELETE")) == 1


Start = Callable[[Callable[[dict[str, Any], int], Answer]], OddApplication]


def one_account(odd: Start, on_delete: str) -> tuple[OddApplication, dict[str, Any]]:
    """An application with one account, whose DELETE is answered with 204 and does something else."""
    account: dict[str, Any] = {}

    def answer(method: str, path: str, body: bytes) -> Answer:
        if method == "POST":
            account.update(json.loads(body), id="1")
            return as_json(account, 201)
        if path != "/Users/1":
            return as_json(LIST) if path.startswith("/Users") else as_json({"status": "404"}, 404)
        if method == "PATCH" or (method == "DELETE" and on_delete == "deactivates"):
            account["active"] = False
        return as_json(account) if method == "GET" else (204, "application/scim+json", b"")

    application = odd(lambda *_: as_json({}))
    application.answer = answer  # type: ignore[method-assign]  # this one has an account
    return application, account


@pytest.mark.parametrize(
    ("on_delete", "fact", "words"),
    [
        ("deactivates", {"delete_means": "deactivate"}, "only set the account inactive"),
        ("nothing", {"delete_users": False}, "deleted nothing"),
    ],
)
def test_r15_a_delete_that_does_not_delete_is_found_out(
    transactional_db: None, odd: Start, on_delete: str, fact: dict[str, Any], words: str
) -> None:
    """204, and the account is there: it is inactive in the end, the link stays and says why."""
    application, account = one_account(odd, on_delete)
    installation = Installation(application.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 1)
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 1)
    assert account["active"] is False
    assert learned(installation) == fact
    link = installation.link(user)
    assert link.state == Link.State.RELEASED
    assert words in link.reason
    assert AccessInterval.objects.get(user_id=user.id).to_cause == "deleted"


def test_r15_a_creation_of_which_nothing_is_there_is_no_account(transactional_db: None, odd: Start) -> None:
    """201 with an id, which is not to be found: the link waits for a person, and no second POST follows."""
    application = odd(lambda body, _: as_json({**body, "id": "ghost"}, 201))
    former = application.answer

    def answer(method: str, path: str, body: bytes) -> Answer:
        if path == "/Users/ghost":
            return as_json({"status": "404"}, 404)
        return former(method, path, body)

    application.answer = answer  # type: ignore[method-assign]  # nothing is there under the id
    installation = Installation(application.base_url)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 3)
    link = installation.link(user)
    assert link.state == Link.State.CONFLICT
    assert "nothing is there under that id" in link.reason
    assert len(application.posts) == 1
    assert not AccessInterval.objects.exists()
