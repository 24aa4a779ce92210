"""Another profile for an application: its facts count at once, and its settings only where somebody asks for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from provisor.applications import profile_change
from provisor.applications.applications import update_application
from provisor.applications.capabilities import dialect_of, facts_of, record_probe
from provisor.applications.models import Application
from provisor.applications.profile_change import PARTS, foresee_profile, profile_changes
from provisor.applications.profiles import catalogue, load_profile
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import Actor
from provisor.scim.capabilities import Fact, Origin

Make = Callable[..., Application]
AWS = "aws-iam-identity-center"


def announced(name: str, value: object, evidence: str) -> Fact:
    return Fact(name=name, value=value, origin=Origin.PROBE, evidence=evidence)


def rule(target: str, source: str) -> dict[str, Any]:
    return {"target": target, "source": source}


def test_the_same_profile_changes_nothing(make_application: Make) -> None:
    for profile in catalogue():
        application = make_application(profile.id, profile=profile.id)
        change = foresee_profile(application, profile.id)
        assert (change.facts, change.settings, change.rules) == ((), {}, {}), profile.id


def test_every_profile_can_be_taken_over_whole_by_every_other(make_application: Make, actor: Actor) -> None:
    for profile in catalogue():
        application = make_application(profile.id)
        changes = profile_changes(application, profile.id, PARTS)
        changed = update_application(application.pk, changes, actor=actor)
        again = foresee_profile(changed, profile.id)
        assert (again.settings, again.rules) == ({}, {}), profile.id


def test_facts_that_would_count_differently_are_named_with_both_origins(make_application: Make) -> None:
    application = make_application()
    record_probe(application, [announced("patch_users", True, "seen")], measured=True)
    facts = {each.name: each for each in foresee_profile(application, AWS).facts}
    assert (facts["put_groups"].before, facts["put_groups"].after) == (True, False)
    assert (facts["put_groups"].origin_before, facts["put_groups"].origin_after) == ("default", "profile")
    assert "patch_users" not in facts


def test_without_asking_only_the_profile_changes(make_application: Make, actor: Actor) -> None:
    application = make_application()
    kept = (application.mappings, application.features, application.deprovision, application.matching)
    changes = profile_changes(application, "slack")
    assert changes == {"profile": "slack"}
    changed = update_application(application.pk, changes, actor=actor)
    assert changed.profile == "slack"
    assert (changed.mappings, changed.features, changed.deprovision, changed.matching) == kept
    assert dialect_of(changed).delete_means == "deactivate"


def test_a_mapping_that_is_taken_over_keeps_what_was_changed_by_hand(
    make_application: Make, actor: Actor
) -> None:
    application = make_application()
    rows = [row for row in application.mappings["users"] if row["target"] not in {"nickName", "title"}]
    rows += [
        rule("title", '"Dr."') | {"kind": "expression"},
        rule('phoneNumbers[type eq "home"].value', "userName"),
    ]
    application = update_application(application.pk, {"mappings": {"users": rows}}, actor=actor)
    acts = {each.target: each.act for each in foresee_profile(application, "generic").rules["users"]}
    assert acts == {"nickName": "add", "title": "keep"}
    changed = update_application(
        application.pk, profile_changes(application, "generic", ["users"]), actor=actor
    )
    by_target = {row["target"]: row for row in changed.mappings["users"]}
    assert by_target["nickName"]["source"] == "nickName"
    assert by_target["title"]["source"] == '"Dr."'
    assert 'phoneNumbers[type eq "home"].value' in by_target


def test_a_row_of_the_old_profile_that_the_new_one_has_not_is_removed_and_one_it_has_otherwise_replaced(
    make_application: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    generic = load_profile("generic")
    rows = [row for row in generic.mappings["users"] if row["target"] not in {"title", "locale"}]
    other = replace(
        generic, mappings={**generic.mappings, "users": [*rows, rule("locale", "preferredLanguage")]}
    )
    monkeypatch.setattr(profile_change, "read_profile_id", lambda *_: other)
    application = make_application()
    acts = {each.target: each.act for each in foresee_profile(application, "other").rules["users"]}
    assert acts == {"title": "remove", "locale": "replace"}
    kept = profile_changes(application, "other", ["users"])["mappings"]["users"]
    assert {row["target"]: row["source"] for row in kept} == {
        row["target"]: row["source"] for row in other.mappings["users"]
    }


def test_an_announcement_that_the_new_profile_knows_to_be_wrong_counts_no_more(
    make_application: Make, actor: Actor
) -> None:
    application = make_application()
    record_probe(application, [announced("filter", False, "ServiceProviderConfig")])
    assert not dialect_of(application).filter
    changed = update_application(application.pk, {"profile": "slack"}, actor=actor)
    assert dialect_of(changed).filter
    seen = [announced("filter", False, "A search was answered with 501.")]
    record_probe(changed, seen, measured=True)
    assert not dialect_of(changed).filter
    assert any(fact.evidence == seen[0].evidence for fact in facts_of(changed))


def test_no_such_profile_and_no_such_part_are_refused_with_what_there_is(make_application: Make) -> None:
    application = make_application()
    with pytest.raises(ConfigurationRefusal, match='no profile "slak"') as refused:
        foresee_profile(application, "slak")
    assert "slack" in refused.value.problems[0].hint
    with pytest.raises(ConfigurationRefusal, match='"mappings" cannot be taken over'):
        profile_changes(application, "slack", ["mappings"])
