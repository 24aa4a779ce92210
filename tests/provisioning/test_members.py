"""R6: membership goes as deltas in chunks; nobody waits for anybody else, and nobody who is there is dropped."""

from typing import Any

import orjson
import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, nest, remove_members, unnest
from provisor.directory.users import set_active
from provisor.provisioning.models import Link, LinkMember
from provisor.provisioning.passes import group_work
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    declare,
    delete,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    named,
    passes,
    patch,
    received,
    writes,
)
from tests.servers import LabServer
from tests.servers.reader import post


def patches(target: LabServer, *, after: int = 0) -> list[dict[str, Any]]:
    """Bodies of the PATCHes to groups."""
    entries = target.requests(after=after, whole=True)
    bodies = [each["body"] for each in entries if each["method"] == "PATCH" and "/Groups/" in each["path"]]
    return [orjson.loads(body) for body in bodies]


def counts(body: dict[str, Any]) -> list[int]:
    """How many members each operation of a PATCH names."""
    return [len(each["value"]) if "value" in each else 1 for each in body["Operations"]]


def test_r06_members_are_added_in_chunks_of_the_limit(installation: Installation, target: LabServer) -> None:
    """250 members and a limit of 100: three PATCHes, none above the limit."""
    target.set_options(members_per_request=100, keep_requests=True)
    people = crowd(250)
    installation.granted("Sales", *people)
    installation.run()
    assert sorted(sum(counts(body)) for body in patches(target)) == [50, 100, 100]
    assert members(target, "Sales") == named(people)
    assert installation.states() == {"in_sync": 251}


@pytest.mark.parametrize("form", ["filter", "value"])
def test_r06_members_are_removed_in_chunks_of_the_limit(
    installation: Installation, target: LabServer, form: str
) -> None:
    """45 leave at once, at most ten in a request, in either form; the others stay."""
    target.set_options(members_per_request=10, keep_requests=True, member_removal=form)
    configure(installation, limits={"members_per_request": 10}, brake={"count": 100})
    declare(installation, member_remove_form=form)
    people = crowd(50)
    group = installation.granted("Sales", *people)
    installation.run()
    seen = received(target)
    remove_members(group.id, [user.id for user in people[5:]], actor=SYSTEM)
    installation.run()
    assert sorted(sum(counts(body)) for body in patches(target, after=seen)) == [5, 10, 10, 10, 10]
    assert members(target, "Sales") == named(people[:5])


def test_r06_one_join_in_a_large_group_is_one_small_patch(
    installation: Installation, target: LabServer
) -> None:
    """A group of 1,000: one more member costs one PATCH of at most 400 bytes, and nothing is read."""
    people = crowd(1_000)
    group = installation.granted("Sales", *people, push_group=True)
    other = installation.granted("Others", *crowd(1, "other"))
    installation.run()
    joiner = crowd(1, "joiner")[0]
    add_members(other.id, [joiner.id], actor=SYSTEM)
    installation.run()
    seen = received(target)
    add_members(group.id, [joiner.id], actor=SYSTEM)
    installation.run()
    (entry,) = target.requests(after=seen)
    assert entry["method"] == "PATCH"
    assert entry["request_bytes"] <= 400
    assert len(members(target, "Sales")) == 1_001


@pytest.mark.parametrize("read", ["all", "absent", "empty"])
def test_r06_members_follow_where_they_are_not_shown(
    installation: Installation, target: LabServer, read: str
) -> None:
    """Unknown is not empty: joins and leaves go as deltas against what was confirmed."""
    target.set_options(members_read=read)
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people[:2])
    passes(installation, 2)
    add_members(group.id, [people[2].id], actor=SYSTEM)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"bob", "carla"}
    assert installation.link(group).state == Link.State.IN_SYNC


@pytest.mark.parametrize("read", ["all", "absent", "empty"])
def test_r06_a_full_replacement_drops_nobody(
    installation: Installation, target: LabServer, read: str
) -> None:
    """Without PATCH, whether members are shown or not: who joined before stays when another joins."""
    target.set_options(patch=False, members_read=read)
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people[:2])
    passes(installation, 2)
    assert members(target, "Sales") == {"alice", "bob"}
    add_members(group.id, [people[2].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"alice", "bob", "carla"}
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"bob", "carla"}


@pytest.mark.parametrize("read", ["all", "absent", "empty"])
def test_r05_r06_renaming_a_group_by_put_drops_nobody(
    installation: Installation, target: LabServer, read: str
) -> None:
    """A PUT of the group's name carries its members, too."""
    target.set_options(patch=False, members_read=read)
    group = installation.granted("Sales", *installation.users("alice", "bob"))
    passes(installation, 2)
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Marketing") == {"alice", "bob"}


def test_r06_foreign_members_of_an_adopted_group_stay(installation: Installation, target: LabServer) -> None:
    """They were put there by somebody else."""
    identifier = existing(target, userName="theirs")
    group = {"displayName": "Sales", "members": [{"value": identifier}]}
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
    post(f"{target.base_url}/Groups", {"schemas": schemas, **group}, target.token)
    alice = installation.user("alice")
    pushed = installation.granted("Sales", alice)
    passes(installation, 2)
    assert members(target, "Sales") == {"theirs", "alice"}
    remove_members(pushed.id, [alice.id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"theirs"}


def test_r06_with_entra_removal_undeclared_nobody_else_is_removed(
    installation: Installation, target: LabServer
) -> None:
    """The target takes only a list of values: either the member goes, or the group says why not; the others stay."""
    target.set_options(member_removal="value")
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people)
    installation.run()
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 3)
    held = members(target, "Sales")
    link = installation.link(group)
    assert held >= {"bob", "carla"}
    assert held == {"bob", "carla"} or (link.state == Link.State.FAILED and link.reason)


def test_r06_the_form_that_empties_a_group_is_never_used_unasked(
    installation: Installation, target: LabServer
) -> None:
    """Some applications overlook the list of values, so that the bare path removes everybody."""
    target.set_options(member_removal="everyone")
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people)
    installation.run()
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"bob", "carla"}


def test_r06_removing_who_is_not_there_any_more_is_no_failure(
    installation: Installation, target: LabServer
) -> None:
    """400 noTarget for an absent member: what was wanted is so, and the others of the chunk go, too."""
    target.set_options(absent_member_refused=True)
    people = installation.users("alice", "bob", "carla", "dora")
    group = installation.granted("Sales", *people)
    installation.run()
    remote = installation.link(group).remote_id
    body = {"op": "remove", "path": f'members[value eq "{installation.link(people[1]).remote_id}"]'}
    patch(target, f"/Groups/{remote}", body)
    remove_members(group.id, [user.id for user in people[:3]], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"dora"}
    assert installation.link(group).state == Link.State.IN_SYNC


def test_r06_a_member_without_an_account_waits_and_follows_by_itself(
    installation: Installation, target: LabServer
) -> None:
    """The creation of one is refused: the others are members at once; once mended, the last one follows."""
    target.set_options(faults=[fault("status", "POST", "/Users", status=400, nth=2)])
    configure(installation, limits={"concurrency": 1})
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people)
    passes(installation, 2)
    failed = [user for user in people if installation.link(user).state == Link.State.FAILED]
    assert len(failed) == 1
    assert members(target, "Sales") == named(people) - named(failed)
    assert installation.link(group).state == Link.State.WAITING
    assert installation.link(group).reason
    change(failed[0], title="mended")
    passes(installation, 2)
    assert members(target, "Sales") == named(people)
    assert installation.states() == {"in_sync": 4}


def test_r06_who_was_disabled_at_first_becomes_a_member_when_enabled(
    installation: Installation, target: LabServer
) -> None:
    """The group is in step without them; enabling them brings the account and the membership."""
    alice, bob = installation.user("alice"), installation.user("bob", active=False)
    group = installation.granted("Sales", alice, bob)
    passes(installation, 2)
    assert members(target, "Sales") == {"alice"}
    assert installation.link(group).state == Link.State.IN_SYNC
    set_active(bob.id, True, actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"alice", "bob"}


def test_r06_r07_a_refused_member_keeps_nobody_out(installation: Installation, target: LabServer) -> None:
    """One account was deleted behind our back: the chunk is refused, the other members are in."""
    configure(installation, features={"groups": {"membership": False}})
    people = crowd(12)
    group = installation.granted("Sales", *people)
    installation.run()
    delete(target, f"/Users/{installation.link(people[4]).remote_id}")
    configure(installation, features={"groups": {"membership": True}})
    passes(installation, 2)
    assert members(target, "Sales") == named(people) - {people[4].user_name}
    link = installation.link(group)
    assert link.state == Link.State.FAILED
    assert "refused" in link.reason


def test_r06_a_refused_member_keeps_nobody_of_a_later_claim_out(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that is taken up in parts: a refusal in the first part does not end the second."""
    monkeypatch.setattr(group_work, "MEMBERS_AT_ONCE", 4)
    configure(installation, features={"groups": {"membership": False}})
    people = crowd(12)
    group = installation.granted("Sales", *people)
    installation.run()
    first = LinkMember.objects.filter(link=installation.link(group)).order_by("id")[0]
    refused = next(user for user in people if user.id == first.user_id)
    delete(target, f"/Users/{installation.link(refused).remote_id}")
    configure(installation, features={"groups": {"membership": True}})
    passes(installation, 3)
    assert members(target, "Sales") == named(people) - {refused.user_name}


def test_r06_a_refused_member_does_not_keep_out_who_gets_an_account_later(
    installation: Installation, target: LabServer
) -> None:
    """The group failed for one member; another, who waited, gets an account and joins it."""
    configure(installation, features={"groups": {"membership": False}}, limits={"concurrency": 1})
    target.set_options(faults=[fault("status", "POST", "/Users", status=400, nth=3)])
    people = installation.users("alice", "bob", "carla")
    installation.granted("Sales", *people)
    passes(installation, 2)
    (late,) = [user for user in people if installation.link(user).state == Link.State.FAILED]
    gone, stays = [user for user in people if user != late]
    delete(target, f"/Users/{installation.link(gone).remote_id}")
    configure(installation, features={"groups": {"membership": True}})
    target.set_options(faults=[fault("status", "POST", "/Users", status=400)])
    passes(installation, 2)
    assert members(target, "Sales") == named([stays])
    change(late, title="mended")
    passes(installation, 3)
    assert members(target, "Sales") == named([stays, late])


@pytest.mark.parametrize("strike", ["status", "reset"])
@pytest.mark.parametrize("handled", [False, True])
def test_r06_progress_is_kept_when_the_second_chunk_fails(
    installation: Installation, target: LabServer, strike: str, handled: bool
) -> None:
    """What was confirmed is not sent again; a chunk without an outcome is read back, and nobody is there twice."""
    target.set_options(
        members_per_request=10, keep_requests=True,
        faults=[fault(strike, "PATCH", "/Groups", status=500, nth=2, handled=handled)],
    )  # fmt: skip
    configure(installation, limits={"members_per_request": 10})
    people = crowd(30)
    group = installation.granted("Sales", *people)
    installation.run()
    assert len(members(target, "Sales")) == (20 if handled else 10)
    passes(installation, 2)
    assert members(target, "Sales") == named(people)
    assert installation.link(group).state == Link.State.IN_SYNC
    sent = sum(sum(counts(body)) for body in patches(target))
    assert sent == (30 if handled else 40)


@pytest.mark.parametrize("answer", [{"status": 429}, {"status": 503}, {"status": 500}, None])
def test_r01_r06_a_removal_that_the_application_did_not_confirm_is_sent_again(
    installation: Installation, target: LabServer, answer: dict[str, int] | None
) -> None:
    """It is busy, broken, or breaks off before the act: who left is taken out with the next try."""
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people)
    installation.run()
    kind = "reset" if answer is None else "status"
    target.set_options(faults=[fault(kind, "PATCH", "/Groups", handled=False, nth=1, **(answer or {}))])
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    installation.run()
    assert members(target, "Sales") == {"alice", "bob", "carla"}
    assert LinkMember.objects.filter(link=installation.link(group)).exclude(remote_id=None).count() == 3
    passes(installation, 2)
    assert members(target, "Sales") == {"bob", "carla"}


def test_r01_r06_add_then_remove_around_a_lost_reply_leaves_no_leaver(
    installation: Installation, target: LabServer
) -> None:
    """The reply to an addition was lost, then the member left: they are not in the group in the end."""
    people = installation.users("alice", "bob")
    group = installation.granted("Sales", people[0])
    installation.granted("Others", people[1])
    installation.run()
    target.set_options(faults=[fault("reset", "PATCH", "/Groups", handled=True)])
    add_members(group.id, [people[1].id], actor=SYSTEM)
    installation.run()
    assert members(target, "Sales") == {"alice", "bob"}
    remove_members(group.id, [people[1].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"alice"}


def test_r06_r14_who_is_made_anew_gets_back_into_the_groups(
    installation: Installation, target: LabServer
) -> None:
    """An account was deleted behind our back: the next change makes it anew, with its memberships."""
    people = installation.users("alice", "bob")
    groups = [installation.group(name, *people) for name in ("Sales", "Staff")]
    for group in groups:
        installation.policy(group)
    installation.run()
    delete(target, f"/Users/{installation.link(people[0]).remote_id}")
    change(people[0], title="anew")
    passes(installation, 3)
    assert members(target, "Sales") == members(target, "Staff") == {"alice", "bob"}
    assert installation.states() == {"in_sync": 4}


@pytest.mark.parametrize("act", ["add", "remove", "rename"])
def test_r14_a_group_that_vanished_is_made_anew_with_its_members(
    installation: Installation, target: LabServer, act: str
) -> None:
    """A 404 on the group, whatever was sent to it: it is confirmed, then the group is there again."""
    people = crowd(7)
    group = installation.granted("Sales", *people[:5])
    installation.granted("Others", *people)
    installation.run()
    delete(target, f"/Groups/{installation.link(group).remote_id}")
    expected = named(people[:5])
    if act == "add":
        add_members(group.id, [user.id for user in people[5:]], actor=SYSTEM)
        expected = named(people)
    elif act == "remove":
        remove_members(group.id, [people[0].id], actor=SYSTEM)
        expected = named(people[1:5])
    else:
        update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 3)
    assert members(target, "Marketing" if act == "rename" else "Sales") == expected
    assert installation.link(group).state == Link.State.IN_SYNC


def test_r08_with_membership_off_no_member_is_sent(installation: Installation, target: LabServer) -> None:
    """Groups are made and renamed without members; switched on, the members follow."""
    configure(installation, features={"groups": {"membership": False}})
    people = installation.users("alice", "bob")
    installation.granted("Sales", *people)
    passes(installation, 2)
    assert members(target, "Sales") == set()
    assert log(target, "PATCH", "/Groups") == []
    configure(installation, features={"groups": {"membership": True}})
    passes(installation, 2)
    assert members(target, "Sales") == {"alice", "bob"}


def test_r15_an_application_without_groups_is_never_asked_for_them(
    installation: Installation, target: LabServer
) -> None:
    """Its users are provisioned; the group says why it is not there."""
    target.set_options(groups=False)
    declare(installation, groups=False)
    group = installation.granted("Sales", installation.user("alice"))
    passes(installation, 2)
    assert log(target, path="/Groups") == []
    assert installation.link(group).state == Link.State.MISSING
    assert "no groups" in installation.link(group).reason
    assert set(target.state().users) == {"alice"}


def test_r06_nested_groups_are_pushed_flattened(installation: Installation, target: LabServer) -> None:
    """Members of a group inside are members; taken out again, they leave, unless they are members otherwise."""
    people = installation.users("alice", "bob", "carla")
    parent, child = installation.group("Staff", people[0], people[1]), installation.group("Team", *people[1:])
    installation.policy(parent)
    installation.run()
    assert members(target, "Staff") == {"alice", "bob"}
    nest(parent.id, child.id, actor=SYSTEM)
    installation.run()
    assert members(target, "Staff") == {"alice", "bob", "carla"}
    unnest(parent.id, child.id, actor=SYSTEM)
    installation.run()
    assert members(target, "Staff") == {"alice", "bob"}
    assert target.state().users["carla"]["active"] is False
    assert target.state().users["bob"]["active"] is True


def test_r03_a_steady_group_sends_nothing(installation: Installation, target: LabServer) -> None:
    """Neither a write nor a read, and touching its policy changes nothing."""
    installation.granted("Sales", *crowd(30))
    installation.run()
    seen = received(target)
    configure(installation, brake={"count": 50})
    configure(installation, exclusions=["somebody"])
    passes(installation, 3)
    assert received(target) == seen
    assert writes(target, after=seen) == []


def test_r06_a_group_that_failed_with_a_member_is_tried_again_when_they_leave(
    installation: Installation, target: LabServer
) -> None:
    """Nothing has to be sent for whoever was never in it, and the reason would stand there for ever."""
    alice, bob = installation.users("alice", "bob")
    group = installation.granted("Sales", alice, bob)
    target.set_options(faults=[fault("status", "PATCH", "/Groups", status=400, count=0)])
    passes(installation, 1)
    assert installation.link(group).state == "failed"
    target.set_options(faults=[])
    remove_members(group.id, [bob.id], actor=SYSTEM)
    passes(installation, 1)
    assert installation.link(group).state == "in_sync"
    assert members(target, "Sales") == {"alice"}
