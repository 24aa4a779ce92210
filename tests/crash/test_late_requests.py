"""R2 and R8: what the dead process has sent may still arrive after the next one has started."""

import time
import urllib.request
from typing import Any
from uuid import UUID

import pytest

from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Membership, Pending, User
from provisor.directory.users import create_user, set_active
from provisor.provisioning.health.life_sign import SIGN_LATE
from provisor.provisioning.models import Link
from tests.crash.company import ACTOR, Company, change, person
from tests.crash.conftest import REQUEST_TIMEOUT
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, settle, settled, wait_until
from tests.crash.moments import killed_at
from tests.databases import ONLY_SQLITE
from tests.servers import LabServer

pytestmark = pytest.mark.crash


def land(target: LabServer, entry: dict[str, Any]) -> None:
    """A request that was read, and not carried out, is carried out now: the target is slow."""
    request = urllib.request.Request(
        target.base_url + entry["path"],
        entry["body"].encode(),
        {"Authorization": f"Bearer {target.token}", "Content-Type": entry["content_type"]},
        method=entry["method"],
    )
    urllib.request.urlopen(request).close()


def on_its_way(target: LabServer, method: str) -> list[dict[str, Any]]:
    """What was sent, and stalls."""
    log = target.requests(whole=True)
    return [entry for entry in log if entry["fault"] == "stall" and entry["method"] == method]


@pytest.fixture(autouse=True)
def kept_requests(target: LabServer) -> None:
    target.set_options(keep_requests=True)


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("meanwhile", ["nothing", "a change"])
def test_r02_a_post_that_lands_after_the_restart_makes_no_second_account(
    company: Company, engine: EngineProcess, target: LabServer, meanwhile: str
) -> None:
    """The look-up waits until the POST can no longer arrive, even where the user changes meanwhile."""
    with killed_at(engine, target, ("POST", "^/Users", 1), handled=False):
        user = create_user(person(100), actor=ACTOR)
        add_members(company.teams["Sales"].id, [user.id], actor=ACTOR)
    engine.start()
    wait_until(lambda: waits(user.id), 60, "it is not looked up yet")
    if meanwhile == "a change":
        change(user.id, title="Chief")
        wait_until(lambda: not Pending.objects.exists(), 60, "the change is known")
        wait_until(lambda: waits(user.id), 60, "it is not looked up although it was due at once")
    land(target, on_its_way(target, "POST")[0])
    settle(240)
    judge(company.application, target)


def test_r08_a_patch_that_lands_after_the_restart_brings_no_leaver_back(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """Who came back and left again is inactive, although the reactivation arrives last."""
    set_active(staff[0], active=False, actor=ACTOR)
    wait_until(settled, 60, "the leaver is inactive")
    with killed_at(engine, target, ("PATCH", "^/Users", 1), handled=False):
        set_active(staff[0], active=True, actor=ACTOR)
    set_active(staff[0], active=False, actor=ACTOR)
    engine.start()
    wait_until(lambda: waits(staff[0]), 60, "nothing is sent for the leaver yet")
    land(target, on_its_way(target, "PATCH")[0])
    settle(240)
    judge(company.application, target)
    assert not target.contents().users[User.objects.get(pk=staff[0]).user_name]["active"]


def test_r06_an_addition_that_lands_after_the_restart_leaves_nobody_in_the_group(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """Who was added at the moment of the crash, and left the group since, is not in it."""
    team = company.teams["Support"]
    newcomer = next(user for user in staff if user not in team_members(team.id))
    with killed_at(engine, target, ("PATCH", "^/Groups", 1), handled=False):
        add_members(team.id, [newcomer], actor=ACTOR)
    remove_members(team.id, [newcomer], actor=ACTOR)
    engine.start()
    wait_until(lambda: waits(team.id), 60, "nothing is sent for the group yet")
    land(target, on_its_way(target, "PATCH")[0])
    settle(240)
    judge(company.application, target)


@pytest.mark.usefixtures("staff")
def test_r01_whatever_was_not_under_way_goes_on_at_once(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Only what was in doubt waits, and after as much time it does not wait either."""
    with killed_at(engine, target, ("POST", "^/Users", 1), handled=True):
        doubted = create_user(person(100), actor=ACTOR)
        add_members(company.teams["Sales"].id, [doubted.id], actor=ACTOR)
    another = create_user(person(101), actor=ACTOR)
    add_members(company.teams["Sales"].id, [another.id], actor=ACTOR)
    engine.start()
    wait_until(lambda: linked(another.id), 60, "the other account is there")
    assert not linked(doubted.id)
    wait_until(lambda: linked(doubted.id), 60, "the account in doubt is found")


@ONLY_SQLITE
@pytest.mark.usefixtures("staff")
def test_r01_a_restart_after_the_time_out_waits_for_nothing(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """It counts from the end of the former process, not from the start of this one."""
    with killed_at(engine, target, ("POST", "^/Users", 1), handled=True):
        doubted = create_user(person(100), actor=ACTOR)
        add_members(company.teams["Sales"].id, [doubted.id], actor=ACTOR)
    time.sleep(REQUEST_TIMEOUT + SIGN_LATE)
    engine.start()
    waited: list[bool] = []

    def is_linked() -> bool:
        waited.append(waits(doubted.id))
        return linked(doubted.id)

    wait_until(is_linked, 60, "the account in doubt is found")
    assert not any(waited)
    assert Link.objects.get(local_id=doubted.id).doubt is None


def waits(of: UUID) -> bool:
    """Whether nothing is done for a user or group before a moment to come, and why it is said."""
    link = Link.objects.get(local_id=of)
    return "is read back at" in link.reason and link.not_before > time.time() * 1_000


def linked(user: UUID) -> bool:
    """Whether the user's account is known."""
    return Link.objects.filter(local_id=user).exclude(remote_id=None).exists()


def team_members(group: UUID) -> set[UUID]:
    return set(Membership.objects.filter(group_id=group).values_list("user_id", flat=True))
