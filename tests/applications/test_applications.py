"""Applications: created with their profile's defaults, changed part by part, and every write recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from provisor.applications import applications, credentials
from provisor.applications.documents import application_document
from provisor.applications.lookup import find_application, live_applications
from provisor.applications.models import Application
from provisor.applications.profiles import load_profile
from provisor.applications.refusals import ConfigurationRefusal, RefusalKind
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.audit.verify import verify
from provisor.directory.models import JournalEntry, Pending

from .conftest import TOKEN

pytestmark = pytest.mark.django_db
Make = Callable[..., Application]
ELSEWHERE = "https://other.example.com/scim/v2"


def places(refusal: pytest.ExceptionInfo[ConfigurationRefusal]) -> set[str]:
    return {problem.place for problem in refusal.value.problems}


def last_touched() -> list[tuple[str, Any]]:
    entry = JournalEntry.objects.latest("id")
    return list(Pending.objects.filter(entry=entry).values_list("kind", "subject_id"))


class TestCreate:
    def test_only_name_and_address_are_needed(self, actor: Actor) -> None:
        """Everything else is as the generic profile says."""
        made = applications.create_application(name="Acme", base_url="https://acme.example.com/", actor=actor)
        stored = Application.objects.get(pk=made.pk)
        assert {name: getattr(stored, name) for name in load_profile("generic").defaults()} == load_profile(
            "generic"
        ).defaults()
        assert (stored.base_url, stored.profile, stored.auth_method) == (
            "https://acme.example.com", "generic", "bearer",
        )  # fmt: skip

    def test_what_is_given_is_laid_over_the_profile(self, make_application: Make) -> None:
        """One switch given leaves the others of the profile."""
        made = make_application(profile="sentry", features={"users": {"create": False}}, mode="observe")
        assert made.features["users"] == {"create": False, "update": False, "delete": True}
        assert made.deprovision == {"unassigned": "delete", "disabled": "delete", "deleted": "delete"}
        assert made.mode == "observe"

    def test_it_is_journalled_and_audited_in_the_same_transaction(self, make_application: Make) -> None:
        """The fold is told where to look, and the audit chain holds what was set."""
        made = make_application()
        assert JournalEntry.objects.latest("id").event == "application.created"
        assert last_touched() == [("application", made.pk)]
        assert AuditEntry.objects.latest("id").act == "application.created"
        assert verify().ok

    def test_all_problems_are_reported_at_once_each_with_its_place(self, actor: Actor) -> None:
        """Nobody has to send a form ten times to learn of ten mistakes."""
        with pytest.raises(ConfigurationRefusal) as refusal:
            applications.create_application(
                actor=actor,
                name="",
                base_url="acme",
                profile="slak",
                features={"users": {"creat": True, "update": "yes"}},
                deprovision={"disabled": "explode"},
                limits={"rate": 0, "concurrency": 2.5, "bulk": "always"},
                brake={"percent": 101},
                matching={"users": ["shoeSize"], "groups": []},
                mappings={"users": "none", "teams": []},
                mode="maybe",
                delete_after_days=0,
                exclusions=["userName starts svc"],
                auth={"method": "telepathy"},
                colour="red",
            )
        assert places(refusal) >= {
            "/name", "/base_url", "/profile", "/features/users/creat", "/features/users/update", "/deprovision/disabled",
            "/limits/rate", "/limits/concurrency", "/limits/bulk", "/brake/percent", "/matching/groups", "/mappings/teams", "/mappings/users",
            "/mode", "/delete_after_days", "/exclusions/0", "/auth/method", "/colour",
        }  # fmt: skip
        assert not Application.objects.exists()
        assert not JournalEntry.objects.filter(event__startswith="application").exists()

    @pytest.mark.parametrize(
        ("fields", "hint"),
        [
            ({"featurs": {}}, "features"),
            ({"profile": "slak"}, "slack"),
            ({"features": {"users": {"updat": True}}}, "update"),
            ({"auth": {"method": "baerer", "token": "x"}}, "bearer"),
        ],
    )
    def test_a_misspelt_name_is_answered_with_the_nearest_one(
        self, make_application: Make, fields: dict[str, Any], hint: str
    ) -> None:
        """The hint names what was probably meant."""
        with pytest.raises(ConfigurationRefusal) as refusal:
            make_application(**fields)
        assert f'"{hint}"' in refusal.value.problems[0].hint

    def test_a_problem_in_a_mapping_points_at_its_rule(self, make_application: Make) -> None:
        """The place of a mapping's problem is a JSON Pointer into the document that was sent."""
        rules = load_profile("generic").defaults()["mappings"]["users"]
        rules[2] = rules[2] | {"source": "name.famliyName"}
        with pytest.raises(ConfigurationRefusal) as refusal:
            make_application(mappings={"users": rules})
        assert places(refusal) == {"/mappings/users/2/source"}

    def test_matching_by_an_attribute_that_is_not_mapped_is_refused(self, make_application: Make) -> None:
        """There would be no value to search for."""
        with pytest.raises(ConfigurationRefusal) as refusal:
            make_application(matching={"users": ["userName", "photos.value"]})
        assert places(refusal) == {"/matching/users/1"}

    def test_a_deletion_that_the_vendor_does_not_have_is_refused(self, make_application: Make) -> None:
        """Salesforce users can only be disabled."""
        with pytest.raises(ConfigurationRefusal) as refusal:
            make_application(profile="salesforce", deprovision={"deleted": "delete"})
        assert places(refusal) == {"/deprovision/deleted"}

    def test_names_are_unique_without_regard_to_case(self, make_application: Make) -> None:
        """Two applications that look the same to a person are refused; a deleted one frees its name."""
        first = make_application("Straße")
        with pytest.raises(ConfigurationRefusal) as refusal:
            make_application("  STRASSE ")
        assert refusal.value.kind is RefusalKind.DUPLICATE
        applications.delete_application(first.pk, actor=Actor(kind="system", id="", label="x"))
        assert make_application("STRASSE").pk != first.pk


class TestUpdate:
    def test_a_part_is_changed_and_the_rest_stays(self, make_application: Make, actor: Actor) -> None:
        """Objects are merged member by member; the version counts up."""
        made = make_application(limits={"rate": 2.5})
        after = applications.update_application(
            made.pk,
            {"features": {"groups": {"delete": False}}, "limits": {"concurrency": 3}},
            actor=actor,
            version=1,
        )
        assert after.features["groups"] == {
            "create": True,
            "update": True,
            "delete": False,
            "membership": True,
        }
        assert after.limits == {"rate": 2.5, "concurrency": 3, "members_per_request": None, "bulk": "auto"}
        assert after.version == 2

    def test_a_null_gives_a_limit_back_to_the_profile(self, make_application: Make, actor: Actor) -> None:
        """A null is a value, not a removal."""
        made = make_application(limits={"rate": 2.5})
        after = applications.update_application(made.pk, {"limits": {"rate": None}}, actor=actor)
        assert after.limits["rate"] is None

    def test_lists_are_replaced_as_a_whole(self, make_application: Make, actor: Actor) -> None:
        """A list of exclusions is what was sent last."""
        made = make_application(exclusions=["root"])
        after = applications.update_application(made.pk, {"exclusions": ["admin"]}, actor=actor)
        assert after.exclusions == ["admin"]

    def test_the_audit_holds_what_differs_only(self, make_application: Make, actor: Actor) -> None:
        """Before and after show the parts that changed."""
        made = make_application()
        applications.update_application(made.pk, {"mode": "observe", "name": "Acme"}, actor=actor)
        text = AuditPayload.objects.latest("entry_id").text
        assert text == '{"after":{"mode":"observe"},"before":{"mode":"enforce"}}'

    def test_what_changes_nothing_writes_nothing(self, make_application: Make, actor: Actor) -> None:
        """The document that was read, sent back, is no change: no version, no journal, no audit."""
        made = make_application()
        entries = JournalEntry.objects.count(), AuditEntry.objects.count()
        shown = application_document(made)
        same = {name: shown[name] for name in ("name", "base_url", "features", "mappings", "auth", "mode")}
        after = applications.update_application(made.pk, same, actor=actor)
        assert after.version == 1
        assert (JournalEntry.objects.count(), AuditEntry.objects.count()) == entries

    def test_a_stale_version_is_refused(self, make_application: Make, actor: Actor) -> None:
        """Two people at one form: the second is told, and overwrites nothing."""
        made = make_application()
        applications.update_application(made.pk, {"mode": "observe"}, actor=actor, version=1)
        with pytest.raises(ConfigurationRefusal) as refusal:
            applications.update_application(made.pk, {"name": "B"}, actor=actor, version=1)
        assert refusal.value.kind is RefusalKind.CONFLICT
        assert Application.objects.get(pk=made.pk).name == "Acme"

    def test_the_pace_alone_plans_nothing_anew(self, make_application: Make, actor: Actor) -> None:
        """Limits and brake change how fast, not what: no link is touched."""
        made = make_application()
        applications.update_application(
            made.pk, {"limits": {"rate": 1}, "brake": {"count": 9}}, actor=actor, may_loosen=True
        )
        assert last_touched() == []
        applications.update_application(made.pk, {"features": {"roles": True}}, actor=actor)
        assert last_touched() == [("application", made.pk)]

    def test_an_old_setting_that_is_not_valid_any_more_blocks_no_other_change(
        self, make_application: Make, actor: Actor
    ) -> None:
        """Only what is changed is checked."""
        made = make_application()
        Application.objects.filter(pk=made.pk).update(mappings={"users": [], "groups": []})
        after = applications.update_application(made.pk, {"name": "Renamed"}, actor=actor)
        assert after.name == "Renamed"

    def test_an_update_leaves_the_epoch_to_the_passes(self, make_application: Make, actor: Actor) -> None:
        """A worker that took the application in between is not set back."""
        made = make_application()
        Application.objects.filter(pk=made.pk).update(epoch=7)
        applications.update_application(made.pk, {"name": "Renamed"}, actor=actor)
        assert Application.objects.get(pk=made.pk).epoch == 7

    @pytest.mark.parametrize("nobody", ["nonsense", "00000000-0000-7000-8000-000000000000"])
    def test_an_unknown_application_is_missing(self, actor: Actor, nobody: str) -> None:
        """An id that is none is treated as one that nobody has."""
        with pytest.raises(ConfigurationRefusal) as refusal:
            applications.update_application(nobody, {"name": "x"}, actor=actor)
        assert refusal.value.kind is RefusalKind.MISSING


class TestBaseUrl:
    def test_r17_another_base_url_clears_the_secrets_and_says_so(
        self, make_application: Make, actor: Actor
    ) -> None:
        """A token is never sent to a host it was not entered for; ids of another tenant are not trusted."""
        made = make_application()
        credentials.store_credential(made.pk, "bearer", {"token": "second"}, slot="secondary", actor=actor)
        after = applications.update_application(
            made.pk, {"base_url": ELSEWHERE}, actor=actor, may_loosen=True
        )
        assert not credentials.has_credential(made.pk)
        assert not credentials.has_credential(made.pk, "secondary")
        assert after.paused
        assert after.unverified
        assert ELSEWHERE in after.paused_reason
        assert "secrets were cleared" in after.paused_reason

    def test_r17_a_secret_that_comes_with_the_new_address_is_kept(
        self, make_application: Make, actor: Actor
    ) -> None:
        """Whoever knows the new secret may give both at once; it is paused and unverified all the same."""
        made = make_application()
        auth = {"method": "basic", "username": "u", "password": "p"}
        after = applications.update_application(
            made.pk, {"base_url": ELSEWHERE, "auth": auth}, actor=actor, may_loosen=True
        )
        opened = credentials.open_credential(made.pk)
        assert opened is not None
        assert (opened.method, after.auth_method) == ("basic", "basic")
        assert after.paused
        assert after.unverified

    def test_the_same_address_in_another_spelling_is_no_change(
        self, make_application: Make, actor: Actor
    ) -> None:
        """Case of the host, the default port and a slash at the end clear nothing."""
        made = make_application()
        after = applications.update_application(
            made.pk, {"base_url": "HTTPS://ACME.example.com:443/scim/v2/"}, actor=actor
        )
        assert (after.version, after.paused) == (1, False)
        assert credentials.has_credential(made.pk)

    def test_resuming_needs_credentials(self, make_application: Make, actor: Actor) -> None:
        """After the address changed, entering the new secret comes first."""
        made = make_application()
        applications.update_application(made.pk, {"base_url": ELSEWHERE}, actor=actor, may_loosen=True)
        with pytest.raises(ConfigurationRefusal) as refusal:
            applications.resume(made.pk, actor=actor)
        assert refusal.value.kind is RefusalKind.PROTECTED
        credentials.store_credential(made.pk, "bearer", {"token": "new"}, actor=actor)
        after = applications.resume(made.pk, actor=actor)
        assert (after.paused, after.paused_reason, after.unverified) == (False, "", True)


class TestLife:
    def test_pause_and_resume_are_recorded_once(self, make_application: Make, actor: Actor) -> None:
        """Pausing what is paused is no second act."""
        made = make_application()
        applications.pause(made.pk, actor=actor)
        applications.pause(made.pk, actor=actor, reason="again")
        assert Application.objects.get(pk=made.pk).paused_reason == "bo@example.com paused it."
        applications.resume(made.pk, actor=actor)
        applications.resume(made.pk, actor=actor)
        acts = AuditEntry.objects.filter(subject_id=str(made.pk)).order_by("id")
        assert list(acts.values_list("act", flat=True)) == [
            "application.created",
            "application.paused",
            "application.resumed",
        ]

    def test_a_deleted_application_is_stopped_and_forgets_its_secrets(
        self, make_application: Make, actor: Actor
    ) -> None:
        """The accounts over there stay: no link is touched."""
        made = make_application()
        applications.delete_application(made.pk, actor=actor)
        stored = Application.objects.get(pk=made.pk)
        assert stored.deleted_at
        assert stored.paused
        assert not stored.credentials.exists()
        assert last_touched() == []
        assert not live_applications().exists()

    def test_an_application_is_found_by_id_and_by_name(self, make_application: Make) -> None:
        """The command line takes either, and offers the nearest name."""
        made = make_application("Acme Corp")
        assert find_application(str(made.pk)) == made
        assert find_application("ACME corp") == made
        with pytest.raises(ConfigurationRefusal) as refusal:
            find_application("Acme Cor")
        assert '"Acme Corp"' in refusal.value.problems[0].hint


@pytest.mark.parametrize("part", ["record_event", "record_act"])
def test_r18_no_change_without_its_journal_and_audit_entries(
    make_application: Make, actor: Actor, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """When either cannot be written, nothing is: not the settings, not the secret, not the other entry."""
    made = make_application()
    counts = JournalEntry.objects.count(), AuditEntry.objects.count()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(f"provisor.applications.changes.{part}", fail)
    auth = {"method": "bearer", "token": "new"}
    with pytest.raises(OSError, match="disk full"):
        applications.update_application(made.pk, {"mode": "observe", "auth": auth}, actor=actor)
    opened = credentials.open_credential(made.pk)
    assert opened is not None
    assert opened.values["token"] == TOKEN
    assert Application.objects.get(pk=made.pk).mode == "enforce"
    assert (JournalEntry.objects.count(), AuditEntry.objects.count()) == counts


def test_r17_no_secret_reaches_a_document_the_journal_or_the_audit(
    make_application: Make, actor: Actor
) -> None:
    """A canary goes through every write, and is nowhere to be read afterwards."""
    made = make_application(name="Canary")
    auth = {"method": "bearer", "token": TOKEN}
    applications.update_application(made.pk, {"auth": auth, "mode": "observe"}, actor=actor)
    credentials.store_credential(made.pk, "bearer", {"token": TOKEN}, slot="secondary", actor=actor)
    credentials.promote_credential(made.pk, actor=actor)
    applications.update_application(
        made.pk, {"base_url": ELSEWHERE, "auth": auth}, actor=actor, may_loosen=True
    )
    with pytest.raises(ConfigurationRefusal) as refusal:
        applications.update_application(made.pk, {"auth": auth | {"colour": TOKEN}}, actor=actor)
    rows = [*JournalEntry.objects.values_list("detail"), *AuditPayload.objects.values_list("text")]
    seen = f"{rows} {application_document(made)} {refusal.value!r} {refusal.value.problems}"
    assert TOKEN not in seen
    assert verify().ok
