"""The chain from a membership to an account: every link with who made it, and the first that is missing."""

from typing import Any

from provisor.applications.applications import pause
from provisor.applications.lookup import live_policies
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest, remove_members
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.models import Hold, Link
from provisor.provisioning.why.explain import explain, explain_steps, explanation_of
from provisor.provisioning.why.steps import Mend, Step
from tests.provisioning.installation import Installation

BO = Actor(kind="account", id="bo", label="bo@example.com")
CLEO = Actor(kind="account", id="cleo", label="cleo@example.com")


def chain(installation: Installation, user) -> list[Step]:
    return explain_steps(user.id, installation.application.id)


def first_missing(steps: list[Step]) -> Step:
    return next(step for step in steps if step.missing)


def granted_through(installation: Installation, user):
    """The user is in EMEA (by Bo), which is in Sales (by Cleo), to which a policy grants the application."""
    sales, emea = create_group("Sales", actor=CLEO), create_group("Sales EMEA", actor=CLEO)
    nest(sales.id, emea.id, actor=CLEO)
    add_members(emea.id, [user.id], actor=BO)
    installation.policy(sales)
    return sales, emea


def test_every_link_of_the_chain_says_who_made_it_and_when(installation: Installation) -> None:
    alice = installation.user("alice")
    sales, emea = granted_through(installation, alice)
    installation.run()
    way = [step for step in chain(installation, alice) if step.way == 1]
    assert [step.text for step in way] == [
        "alice is in “Sales EMEA”.",
        "“Sales EMEA” is in “Sales”.",
        "The policy “Target for Sales” grants Target to “Sales”.",
    ]
    assert [(step.did, step.actor) for step in way] == [
        ("added", BO.label), ("put inside", CLEO.label), ("added", "a test"),
    ]  # fmt: skip
    assert all(step.at is not None for step in way)
    assert {subject.id for step in way for subject in step.subjects} >= {str(sales.id), str(emea.id)}
    assert not any(step.missing for step in chain(installation, alice))


def test_the_account_says_when_it_was_created_and_how_long_that_took(installation: Installation) -> None:
    alice = installation.user("alice")
    granted_through(installation, alice)
    installation.run()
    account = next(step for step in chain(installation, alice) if "The account there is" in step.text)
    assert str(installation.link(alice).remote_id) in account.text
    assert account.text.endswith(" ms.")
    assert account.at is not None
    assert {subject.kind for subject in account.subjects} == {"link", "attempt"}


def test_whoever_came_back_has_the_latest_act_as_origin(installation: Installation) -> None:
    alice = installation.user("alice")
    _sales, emea = granted_through(installation, alice)
    remove_members(emea.id, [alice.id], actor=BO)
    add_members(emea.id, [alice.id], actor=CLEO)
    assert next(step.actor for step in chain(installation, alice) if step.way == 1) == CLEO.label


def test_one_of_a_large_crowd_has_an_origin_too(installation: Installation) -> None:
    """The journal names the first hundred of a crowd; the audit record has every one."""
    people = [installation.user(f"user{number}") for number in range(120)]
    group = installation.granted("Crowd")
    add_members(group.id, [person.id for person in people], actor=BO)
    steps = chain(installation, people[119])
    assert next(step.actor for step in steps if step.way == 1) == BO.label


def test_every_way_of_several_policies_is_told(installation: Installation) -> None:
    alice = installation.user("alice")
    sales, _emea = granted_through(installation, alice)
    add_members(sales.id, [alice.id], actor=BO)
    installation.granted("Engineers", alice)
    steps = chain(installation, alice)
    assert {step.way for step in steps} == {0, 1, 2, 3}
    told = explain(alice.id, installation.application.id)
    assert sum("The policy" in sentence for sentence in told) == 3
    assert any(
        sentence.startswith("alice is in “Sales EMEA” (added by bo@example.com, ") for sentence in told
    )


def test_everyone_holds_a_user_since_the_user_was_created(installation: Installation) -> None:
    from provisor.directory.everyone import everyone

    alice = installation.user("alice")
    installation.policy(everyone())
    joined = next(step for step in chain(installation, alice) if step.way == 1)
    assert joined.actor == "a test"


def test_without_a_policy_the_chain_breaks_there(installation: Installation) -> None:
    alice = installation.user("alice")
    broken = first_missing(chain(installation, alice))
    assert broken.mend == Mend.ADD_POLICY
    assert "No policy grants Target" in broken.text


def test_who_is_in_none_of_the_groups_is_offered_each_of_them(installation: Installation) -> None:
    alice = installation.user("alice")
    group = installation.granted("Sales")
    broken = first_missing(chain(installation, alice))
    assert broken.mend == Mend.ADD_TO_GROUP
    assert [(one.kind, one.id) for one in broken.subjects] == [("group", str(group.id))]


def test_a_disabled_user_breaks_the_chain_before_any_policy(installation: Installation) -> None:
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    set_active(alice.id, False, actor=BO)
    broken = first_missing(chain(installation, alice))
    assert (broken.mend, broken.actor) == (Mend.ACTIVATE, BO.label)


def test_a_deleted_user_says_who_deleted_them(installation: Installation) -> None:
    alice = installation.user("alice")
    delete_user(alice.id, actor=BO)
    broken = first_missing(chain(installation, alice))
    assert (broken.did, broken.actor) == ("deleted", BO.label)
    assert explain(alice.id, installation.application.id)[0].startswith(
        "alice was deleted from the directory (deleted by bo"
    )


def test_a_pause_is_the_missing_link_only_while_there_is_no_account(installation: Installation) -> None:
    alice, bob = installation.user("alice"), installation.user("bob")
    group = installation.granted("Sales", alice)
    installation.run()
    pause(installation.application.id, reason="Moving house", actor=BO)
    add_members(group.id, [bob.id], actor=BO)
    installation.fold()
    assert first_missing(chain(installation, bob)).mend == Mend.RESUME
    assert not any(step.missing for step in chain(installation, alice))
    assert any("Moving house" in step.text for step in chain(installation, alice))


def test_what_the_brake_holds_leads_to_its_release(installation: Installation) -> None:
    alice = installation.user("alice")
    group = installation.granted("Sales", alice)
    installation.run()
    remove_members(group.id, [alice.id], actor=BO)
    installation.fold()
    held = installation.link(alice)
    Link.objects.filter(pk=held.pk).update(state=Link.State.HELD)
    Hold.objects.create(
        application=installation.application, link_id=held.pk, act="deactivate", effect="x", held_at=1, reason="Too many."
    )  # fmt: skip
    told = explanation_of(alice, installation.application)
    assert told.has_account
    assert not told.granted
    assert [step.text for step in told.steps if step.mend == Mend.RELEASE][-1].endswith("Too many.")


def test_a_policy_of_a_deleted_group_grants_nothing(installation: Installation) -> None:
    from provisor.directory.groups import delete_group

    alice = installation.user("alice")
    group = installation.granted("Sales", alice)
    delete_group(group.id, actor=BO)
    assert not live_policies().filter(application=installation.application).exists()
    assert first_missing(chain(installation, alice)).mend == Mend.ADD_POLICY


def test_the_number_of_queries_does_not_grow_with_the_ways(
    installation: Installation, django_assert_max_num_queries: Any
) -> None:
    alice = installation.user("alice")
    for number in range(12):
        installation.granted(f"Group {number}", alice)
    installation.run()
    with django_assert_max_num_queries(9):
        explanation_of(alice, installation.application)


def test_before_the_first_fold_it_says_that_the_engine_has_to_look(installation: Installation) -> None:
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    assert first_missing(chain(installation, alice)).mend == Mend.WAIT
