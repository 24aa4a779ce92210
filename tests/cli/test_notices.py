"""`provisor notice ...` and `provisor restored`."""

import json

from provisor.audit.actor import SYSTEM
from provisor.notices import outbox
from provisor.notices.models import Channel
from provisor.provisioning.clock import now
from provisor.provisioning.queries import application_statuses
from tests.cli.conftest import Command


def test_who_hears_of_what_is_chosen_and_shown(provisor: Command) -> None:
    assert "Nobody is told yet" in provisor("notice", "list").output
    assert provisor("notice", "add-email", "ops@example.com", "--event", "refused").exit_code == 0
    secret = provisor("notice", "add-webhook", "https://hooks.example.com/services/secret-path")
    assert secret.stdout.startswith("whsec_")
    assert Channel.objects.count() == 2
    outbox.begin("refused", "It said 401.", now=now())
    shown = provisor("notice", "list")
    assert "It said 401." in shown.output
    assert "ops@example.com" in shown.output
    assert "secret-path" not in shown.output
    found = json.loads(provisor("notice", "list", "--json").stdout)
    assert [each["event"] for each in found["now"]] == ["refused"]
    assert {each["state"] for each in found["notices"][0]["deliveries"]} == {"waiting"}


def test_an_event_that_is_none_is_refused_with_the_nearest(provisor: Command) -> None:
    refused = provisor("notice", "add-email", "ops@example.com", "--event", "refuse")
    assert refused.exit_code == 2
    assert "refused" in refused.output
    assert not Channel.objects.exists()


def test_a_restore_that_nobody_can_see_is_said_by_a_person(provisor: Command) -> None:
    from provisor.applications.applications import create_application

    create_application(name="Slack", base_url="https://slack.example.com/scim/v2", actor=SYSTEM)
    assert "1 application" in provisor("restored").output
    assert [each["state"] for each in application_statuses().values()] == ["paused"]
