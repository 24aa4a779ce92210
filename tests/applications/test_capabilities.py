"""What is known of an application: profile < probe < administrator, and a failed probe is no fact (R15)."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from provisor.applications import applications, capabilities
from provisor.applications.models import Application, Capability
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.scim.capabilities import UNKNOWN, Fact

pytestmark = pytest.mark.django_db
Make = Callable[..., Application]


def probed(name: str, value: object) -> Fact:
    return Fact(name=name, value=value, origin="probe", evidence="PATCH answered 501")


def test_r15_profile_then_probe_then_administrator(make_application: Make, actor: Actor) -> None:
    """Each stronger origin overrules the weaker, and the dialect says whose word it is."""
    made = make_application(profile="atlassian")
    assert capabilities.dialect_of(made).put_groups is False
    assert capabilities.dialect_of(made).origin("put_groups") == "profile"
    capabilities.record_probe(made, [probed("put_groups", True)])
    assert capabilities.dialect_of(made).put_groups is True
    assert capabilities.dialect_of(made).origin("put_groups") == "probe"
    capabilities.overrule_fact(made.pk, "put_groups", False, reason="ticket 17", actor=actor)
    assert capabilities.dialect_of(made).put_groups is False
    assert capabilities.dialect_of(made).origin("put_groups") == "administrator"
    capabilities.restore_fact(made.pk, "put_groups", actor=actor)
    assert capabilities.dialect_of(made).origin("put_groups") == "probe"


def test_r15_a_failed_probe_overwrites_nothing(make_application: Make) -> None:
    """A probe without facts, or with unknown, mistyped or nameless ones, leaves everything as it was."""
    made = make_application(profile="sentry")
    capabilities.record_probe(made, [probed("etag", True)])
    before = list(Capability.objects.values_list("name", "value", "evidence", "at"))
    failed = [
        probed("etag", UNKNOWN),
        probed("etag", None),
        probed("etag", "perhaps"),
        probed("patch_users", UNKNOWN),
        probed("wings", 2),
    ]
    assert capabilities.record_probe(made, []) == []
    assert capabilities.record_probe(made, failed) == []
    assert list(Capability.objects.values_list("name", "value", "evidence", "at")) == before
    assert capabilities.dialect_of(made).patch_users is False


def test_r15_an_announcement_is_not_believed_where_the_profile_knows_better(make_application: Make) -> None:
    """Slack says that it cannot filter, and it can; what was seen to happen is believed all the same."""
    made = make_application(profile="slack")
    capabilities.record_probe(made, [probed("filter", False)])
    assert capabilities.dialect_of(made).filter is True
    capabilities.record_probe(made, [probed("filter", False)], measured=True)
    assert capabilities.dialect_of(made).filter is False


def test_a_probe_says_what_is_new(make_application: Make) -> None:
    """Only facts that changed are reported; the evidence is kept with each."""
    made = make_application()
    assert capabilities.record_probe(made, [probed("etag", True), probed("page_size", 50)]) == [
        "etag",
        "page_size",
    ]
    assert capabilities.record_probe(made, [probed("etag", True), probed("page_size", 20)]) == ["page_size"]
    capabilities.record_probe(
        made, [Fact(name="bulk", value=True, origin="probe")], evidence="GET /ServiceProviderConfig"
    )
    assert Capability.objects.get(name="bulk").evidence == "GET /ServiceProviderConfig"
    assert Capability.objects.get(name="page_size").value == 20


def test_the_limits_of_the_application_have_the_last_word(make_application: Make, actor: Actor) -> None:
    """They are what an administrator set most plainly; a null leaves it to the others."""
    made = make_application(profile="miro", limits={"rate": 2, "concurrency": 3, "members_per_request": 10})
    dialect = capabilities.dialect_of(made)
    assert (dialect.rate_per_second, dialect.concurrency, dialect.members_per_request) == (2, 3, 10)
    after = applications.update_application(made.pk, {"limits": {"members_per_request": None}}, actor=actor)
    assert capabilities.dialect_of(after).members_per_request == 8000


def test_a_dialect_costs_one_query(
    make_application: Make, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """It is asked for at the beginning of every pass."""
    made = make_application(profile="slack")
    with django_assert_num_queries(1):
        capabilities.dialect_of(made)


@pytest.mark.parametrize(
    ("name", "value"), [("put_user", True), ("put_users", "yes"), ("put_users", UNKNOWN)]
)
def test_an_administrator_cannot_say_what_makes_no_sense(
    make_application: Make, actor: Actor, name: str, value: object
) -> None:
    """Unknown names and wrong types are refused."""
    with pytest.raises(ConfigurationRefusal):
        capabilities.overrule_fact(make_application().pk, name, value, reason="", actor=actor)
    assert not Capability.objects.exists()


def test_what_an_administrator_says_is_audited(make_application: Make, actor: Actor) -> None:
    """It changes what is sent, so it is an act."""
    made = make_application()
    capabilities.overrule_fact(made.pk, "patch_users", False, reason="broken", actor=actor)
    assert AuditEntry.objects.latest("id").act == "application.fact_overruled"
    assert Application.objects.get(pk=made.pk).version == 2


def test_a_profile_that_is_gone_counts_as_generic(make_application: Make) -> None:
    """An application outlives the catalogue it was made from."""
    made = make_application()
    made.profile = "discontinued"
    assert capabilities.dialect_of(made).patch_users is True
