"""R1, R2 at chosen moments: after the intent and before the request, and after the request and before the outcome."""

import time
from collections import Counter
from uuid import UUID

import pytest

from provisor.applications.applications import update_application
from provisor.directory.groups import create_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.directory.users import create_user, delete_user, replace_user, set_active
from provisor.provisioning.models import Link
from tests.crash.company import ACTOR, Company, change, document_of, person
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, settled, unended_runs, wait_until
from tests.crash.moments import judge_recovery, killed_at
from tests.servers import LabServer

pytestmark = pytest.mark.crash

both = pytest.mark.parametrize("handled", [True, False], ids=["it was done", "it was not done"])


class TestTakenBackWhileTheEngineIsDead:
    """A request without an outcome, whose change is taken back before the engine runs again."""

    @both
    @pytest.mark.usefixtures("staff")
    def test_r01_r02_a_create_whose_user_is_deleted_leaves_or_is_renamed(
        self, company: Company, engine: EngineProcess, target: LabServer, handled: bool
    ) -> None:
        """No leaver stays inside, and a rename makes no second account."""
        team = company.teams["Sales"]
        with killed_at(engine, target, ("POST", "^/Users", 4), handled=handled):
            made = [create_user(person(100 + number), actor=ACTOR).id for number in range(4)]
            add_members(team.id, made, actor=ACTOR)
        delete_user(made[0], actor=ACTOR)
        remove_members(team.id, [made[1]], actor=ACTOR)
        change(made[2], userName="other", displayName="Other")
        change(made[3], userName="gone", displayName="Gone")
        remove_members(team.id, [made[3]], actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_r04_an_update_that_is_taken_back(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """Values in doubt are read back or sent again, although they equal what was acknowledged before."""
        former = [document_of(User.objects.get(pk=user)) for user in staff[:3]]
        with killed_at(engine, target, ("PATCH", "^/Users", 3), handled=handled):
            change(staff[0], userName="other", displayName="Other")
            change(staff[1], title=None)
            change(staff[2], title="Chief")
        for user, document in zip(staff, former, strict=False):
            replace_user(user, document, actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_r08_leavers_who_come_back(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """Who comes back is active again, and who was deleted is gone."""
        team = company.teams["Engineering"]
        with killed_at(engine, target, ("PATCH", "^/Users", 2), ("DELETE", "^/Users", 1), handled=handled):
            remove_members(team.id, [staff[0]], actor=ACTOR)
            set_active(staff[1], active=False, actor=ACTOR)
            delete_user(staff[2], actor=ACTOR)
        add_members(team.id, [staff[0]], actor=ACTOR)
        set_active(staff[1], active=True, actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_r06_a_member_added_and_removed_again(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """Who was added at the moment of the crash and is not wanted any more is not in the group."""
        team = company.teams["Support"]
        with killed_at(engine, target, ("PATCH", "^/Groups", 1), handled=handled):
            add_members(team.id, staff[:2], actor=ACTOR)
        remove_members(team.id, staff[:2], actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_r06_a_member_removed_and_added_again(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """Who was removed at the moment of the crash and is wanted again is in the group, once."""
        team = company.teams["Support"]
        add_members(team.id, staff[:2], actor=ACTOR)
        wait_until(settled, 60, "the members are there")
        with killed_at(engine, target, ("PATCH", "^/Groups", 1), handled=handled):
            remove_members(team.id, staff[:2], actor=ACTOR)
        add_members(team.id, staff[:2], actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_a_group_renamed_and_renamed_back_while_members_move(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """The name in doubt is settled although a removal of members comes first."""
        team = company.teams["Engineering"]
        with killed_at(engine, target, ("PATCH", "^/Groups", 1), handled=handled):
            update_group(team.id, display_name="Machinery", actor=ACTOR)
        update_group(team.id, display_name="Engineering", actor=ACTOR)
        remove_members(team.id, staff[:1], actor=ACTOR)
        judge_recovery(company, engine, target)

    @both
    def test_r01_r02_a_new_group_renamed(
        self, company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], handled: bool
    ) -> None:
        """A group whose creation has no outcome is found under its former name."""
        with killed_at(engine, target, ("POST", "^/Groups", 1), handled=handled):
            group = create_group("Board", actor=ACTOR)
            add_members(group.id, staff[:3], actor=ACTOR)
            company.grant([group])
        update_group(group.id, display_name="Directors", actor=ACTOR)
        judge_recovery(company, engine, target)


def test_r01_r02_a_create_in_doubt_is_found_after_a_second_crash_before_its_look_up(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """What was sent before the first crash is known after the second, although the user has another name by then."""
    with killed_at(engine, target, ("POST", "^/Users", 1), handled=True):
        user = create_user(person(100), actor=ACTOR)
        add_members(company.teams["Sales"].id, [user.id], actor=ACTOR)
    change(user.id, userName="other", displayName="Other")
    with killed_at(engine, target, ("GET", "^/Users", 1), handled=True):
        engine.start()
    judge_recovery(company, engine, target)
    assert len(target.contents().users) == len(staff) + 1


@pytest.mark.usefixtures("staff")
def test_r01_a_run_whose_process_died_has_ended(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Nobody waits for ever for a run whose process is not there any more."""
    with killed_at(engine, target, ("POST", "^/Users", 1), handled=True):
        user = create_user(person(100), actor=ACTOR)
        add_members(company.teams["Sales"].id, [user.id], actor=ACTOR)
    judge_recovery(company, engine, target)
    wait_until(lambda: unended_runs(company.application) == 0, 60, "every run has ended")


def test_r01_r02_kill_after_the_intents_and_before_the_requests(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Intents of which nothing was sent cost a look-up and make nothing twice."""
    update_application(company.application.id, {"limits": {"rate": 4}}, actor=ACTOR)
    company.employ(30)
    company.grant()
    engine.start()
    wait_until(lambda: posts(target) != {}, 60, "the first account")
    engine.kill()
    intents = Link.objects.exclude(intent=None).count()
    assert intents > sum(posts(target).values()) + 10, "there were no intents before their requests"
    update_application(company.application.id, {"limits": {"rate": 1000}}, actor=ACTOR)
    engine.start()
    settle(240)
    assert len(judge(company.application, target).users) == 30
    assert posts(target) == {"/Users": 30, "/Groups": 4}
    judge_silence(target, 2)


def test_r01_r02_kill_after_the_answers_and_before_the_outcomes(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Answers that the engine never read, because it was stopped in its tracks, make nothing twice."""
    target.set_options(latency_ms=250)
    company.employ(40)
    company.grant()
    engine.start()
    wait_until(lambda: posts(target)["/Users"] > 8, 60, "some accounts")
    engine.freeze()
    time.sleep(0.5)
    engine.kill()
    stored = Link.objects.filter(kind="user").exclude(remote_id=None).count()
    assert stored < posts(target)["/Users"], "every outcome was stored"
    target.set_options(latency_ms=0)
    engine.start()
    settle(240)
    assert len(judge(company.application, target).users) == 40
    assert posts(target) == {"/Users": 40, "/Groups": 4}


def posts(target: LabServer) -> Counter[str]:
    """How many POSTs came, by path."""
    return Counter(entry["path"] for entry in target.requests() if entry["method"] == "POST")
