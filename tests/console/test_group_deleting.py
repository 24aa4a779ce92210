"""A group that no policy pushes any more: shown as such, and deleted there by a person after the number was shown."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from provisor.applications.models import Policy
from provisor.applications.policies import update_policy
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.provisioning.models import Link
from tests.console.applications import (
    browser_of,  # noqa: F401 - a fixture
    installation,  # noqa: F401 - a fixture
    lab_process,  # noqa: F401 - a fixture
    target,  # noqa: F401 - a fixture
    text_of,
)
from tests.provisioning.installation import Installation
from tests.provisioning.vices import crowd
from tests.servers import LabServer


@pytest.fixture
def pushed(installation: Installation) -> Link:  # noqa: F811 - a fixture
    """The group Sales with eight members, as it is in the application."""
    sales = installation.granted("Sales", *crowd(8))
    installation.run(3)
    return installation.link(sales)


@pytest.fixture
def left_there(installation: Installation, pushed: Link) -> Link:  # noqa: F811 - a fixture
    update_policy(Policy.objects.get().id, {"push_group": False}, actor=SYSTEM)
    installation.run(2)
    pushed.refresh_from_db()
    return pushed


def of(link: Link, part: str = "") -> str:
    return reverse(f"application-link{part}", args=[link.application_id, link.pk])


def test_a_group_that_a_policy_pushes_is_not_offered_for_deletion(browser: Client, pushed: Link) -> None:
    assert "Delete it there" not in text_of(browser.get(of(pushed)))
    assert browser.get(of(pushed, "-delete")).status_code == 404
    answer = browser.post(of(pushed, "-delete"), follow=True)
    assert "A policy pushes this group" in text_of(answer)


def test_who_loses_it_is_said_before_it_is_deleted_there(
    browser: Client,
    installation: Installation,  # noqa: F811 - a fixture
    left_there: Link,
    target: LabServer,  # noqa: F811 - a fixture
) -> None:
    groups = reverse("application-groups", args=[left_there.application_id])
    assert "not pushed any more" in text_of(browser.get(groups))
    page = text_of(browser.get(of(left_there)))
    assert "No policy pushes this group any more." in page
    assert of(left_there, "-delete") in page
    question = text_of(browser.get(of(left_there, "-delete"), headers={"HX-Request": "true"}))
    assert "8 members lose it in" in question
    assert "Sales" in target.state().groups
    answer = text_of(browser.post(of(left_there, "-delete"), follow=True))
    assert "Sales is being deleted in" in answer
    assert "not pushed any more" not in answer
    assert AuditEntry.objects.filter(act="link.deleted_there").count() == 1
    installation.run(2)
    assert "Sales" not in target.state().groups
    assert len(target.state().users) == 8


def test_where_groups_are_never_deleted_the_question_says_why(browser: Client, left_there: Link) -> None:
    application = left_there.application
    application.features = {
        **application.features,
        "groups": {**application.features["groups"], "delete": False},
    }
    application.save()
    question = text_of(browser.get(of(left_there, "-delete")))
    assert "the switch “delete groups” is off" in question
    assert "disabled" in question


def test_only_who_manages_applications_deletes_it(
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    left_there: Link,
) -> None:
    auditor = browser_of("auditor")
    assert "Delete it there" not in text_of(auditor.get(of(left_there)))
    assert auditor.post(of(left_there, "-delete")).status_code == 403
