"""Policies: one per application and group, with what is left out filled in, and every write recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from provisor.applications import applications, policies
from provisor.applications.lookup import live_policies
from provisor.applications.models import Application, Policy
from provisor.applications.refusals import ConfigurationRefusal, RefusalKind
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.directory.everyone import everyone
from provisor.directory.models import Group, JournalEntry, Pending

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(make_application: Callable[..., Application]) -> Application:
    return make_application()


@pytest.fixture
def sales(make_group: Callable[..., Group]) -> Group:
    return make_group("Sales")


def make(actor: Actor, application: object, group: object, **fields: Any) -> Policy:
    return policies.create_policy(
        actor=actor, **({"name": "P", "application": application, "group": group} | fields)
    )


def last_touched() -> list[tuple[str, Any, Any]]:
    entry = JournalEntry.objects.latest("id")
    return list(Pending.objects.filter(entry=entry).values_list("kind", "subject_id", "other_id"))


def test_only_name_application_and_group_are_needed(actor: Actor, acme: Application, sales: Group) -> None:
    """The rest is a password, no second factor, the group pushed."""
    policy = Policy.objects.get(pk=make(actor, str(acme.pk), str(sales.pk)).pk)
    assert (policy.login_method, policy.second_factor, policy.push_group) == ("password", "none", True)
    assert (policy.roles, policy.entitlements, policy.version) == ([], [], 1)


def test_everyone_is_not_pushed_unless_asked_for(
    actor: Actor,
    acme: Application,
    make_application: Callable[..., Application],
) -> None:
    """A group of the whole company in each application is what hardly anybody wants."""
    assert not make(actor, acme, everyone()).push_group
    assert make(actor, make_application("Other"), everyone(), push_group=True).push_group


def test_each_write_tells_the_fold_and_the_audit(actor: Actor, acme: Application, sales: Group) -> None:
    """Application and group of the policy are named in the pending row, also when the policy has gone."""
    policy = make(actor, acme, sales)
    assert last_touched() == [("policy", acme.pk, sales.pk)]
    policies.update_policy(policy.pk, {"push_group": False}, actor=actor)
    assert last_touched() == [("policy", acme.pk, sales.pk)]
    policies.delete_policy(policy.pk, actor=actor)
    assert last_touched() == [("policy", acme.pk, sales.pk)]
    acts = AuditEntry.objects.order_by("id").values_list("act", flat=True)
    assert list(acts)[-3:] == ["policy.created", "policy.updated", "policy.deleted"]
    assert not Policy.objects.exists()


def test_there_is_one_policy_per_application_and_group(actor: Actor, acme: Application, sales: Group) -> None:
    """The second is refused with what to do instead."""
    make(actor, acme, sales)
    with pytest.raises(ConfigurationRefusal) as refusal:
        make(actor, acme, sales, name="Another")
    assert refusal.value.kind is RefusalKind.DUPLICATE
    assert "Change that one" in refusal.value.problems[0].hint


def test_all_problems_are_reported_at_once(actor: Actor, acme: Application) -> None:
    """Missing, unknown and impossible values, each with its place."""
    with pytest.raises(ConfigurationRefusal) as refusal:
        policies.create_policy(
            actor=actor,
            application="nonsense",
            login_method="smell",
            push_group="yes",
            roles=["a", "a", ""],
            grup="x",
        )
    assert {problem.place for problem in refusal.value.problems} == {
        "/name", "/application", "/group", "/login_method", "/push_group", "/roles/1", "/roles/2", "/grup",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("login_method", "second_factor"),
    [
        ("password", "any"),
        ("password", "totp"),
        ("passwordless", "passkey"),
    ],
)
def test_a_second_factor_goes_with_a_password(
    actor: Actor, acme: Application, sales: Group, login_method: str, second_factor: str
) -> None:
    """And passwordless can be held to a passkey."""
    fields = {"login_method": login_method, "second_factor": second_factor}
    assert make(actor, acme, sales, **fields).second_factor == second_factor


@pytest.mark.parametrize(
    ("login_method", "second_factor"),
    [("passwordless", "totp"), ("passwordless", "any"), ("magic_link", "passkey")],
)
def test_a_second_factor_that_goes_with_nothing_is_refused(
    actor: Actor, acme: Application, sales: Group, login_method: str, second_factor: str
) -> None:
    """A link or a code by e-mail takes no second factor."""
    with pytest.raises(ConfigurationRefusal) as refusal:
        make(actor, acme, sales, login_method=login_method, second_factor=second_factor)
    assert refusal.value.problems[0].place == "/second_factor"


def test_a_policy_keeps_its_application_and_group(
    actor: Actor, acme: Application, sales: Group, make_group: Callable[..., Group]
) -> None:
    """The same ones may be sent along; others are refused."""
    policy = make(actor, acme, sales)
    after = policies.update_policy(policy.pk, {"group": str(sales.pk), "name": "Q"}, actor=actor)
    assert (after.name, after.version) == ("Q", 2)
    with pytest.raises(ConfigurationRefusal) as refusal:
        policies.update_policy(policy.pk, {"group": str(make_group("Other").pk)}, actor=actor)
    assert refusal.value.problems[0].place == "/group"


def test_what_changes_nothing_writes_nothing(actor: Actor, acme: Application, sales: Group) -> None:
    """No version and no journal entry without a change; a stale version is refused."""
    policy = make(actor, acme, sales)
    entries = JournalEntry.objects.count()
    assert policies.update_policy(policy.pk, {"name": "P", "roles": []}, actor=actor).version == 1
    assert JournalEntry.objects.count() == entries
    with pytest.raises(ConfigurationRefusal) as refusal:
        policies.delete_policy(policy.pk, actor=actor, version=9)
    assert refusal.value.kind is RefusalKind.CONFLICT


def test_policies_of_what_is_deleted_grant_nothing(actor: Actor, acme: Application, sales: Group) -> None:
    """They are not listed, not changed, and free for nobody."""
    policy = make(actor, acme, sales)
    applications.delete_application(acme.pk, actor=actor)
    assert not live_policies().exists()
    with pytest.raises(ConfigurationRefusal) as refusal:
        policies.update_policy(policy.pk, {"name": "Q"}, actor=actor)
    assert refusal.value.kind is RefusalKind.MISSING
