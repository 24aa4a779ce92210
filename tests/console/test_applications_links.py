"""Accounts and groups of an application: the list, one of them side by side, and what is done to them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from provisor.applications.applications import pause
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.users import set_active
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Attempt, Link
from tests.console.applications import (
    browser_of,  # noqa: F401 - a fixture
    installation,  # noqa: F401 - a fixture
    lab_process,  # noqa: F401 - a fixture
    target,  # noqa: F401 - a fixture
    text_of,
)
from tests.console.conftest import application, link, user
from tests.provisioning.installation import Installation
from tests.servers import LabServer


def accounts(one: Application, query: str = "") -> str:
    return f"/apps/{one.id}/accounts{query}"


def act(one: Application) -> str:
    return reverse("application-links-act", args=[one.id])


def of(one: Link) -> str:
    return reverse("application-link", args=[one.application_id, one.id])


def test_accounts_are_found_by_the_beginning_of_a_name_and_by_either_id(browser: Client) -> None:
    one = application("Slack")
    ada, bo = user("Ada"), user("Bo")
    link(one, ada.id, "in_sync")
    Link.objects.create(application=one, kind="user", local_id=bo.id, remote_id="U007", state="in_sync")
    for query, found in (("AD", "Ada"), ("U007", "Bo"), (str(ada.id), "Ada")):
        page = browser.get(accounts(one, f"?q={query}")).content.decode()
        missed = {"Ada": ">Bo<", "Bo": ">Ada<"}[found]
        assert f">{found}<" in page
        assert missed not in page


def test_accounts_are_filtered_by_state_and_by_reason(browser: Client) -> None:
    one = application("Slack")
    link(one, user("ada").id, "failed", "The name is taken there.")
    link(one, user("bo").id, "failed", "It needs a family name.")
    link(one, user("cy").id, "in_sync")
    page = browser.get(accounts(one, "?state=failed&reason=The+name+is+taken+there.")).content.decode()
    assert ">ada<" in page
    assert ">bo<" not in page
    assert ">cy<" not in page
    assert "Only with this reason:" in page


def test_pages_of_accounts_follow_one_another_without_gap_or_repetition(browser: Client) -> None:
    one = application("Slack")
    for number in range(120):
        link(one, user(f"user{number:03}").id, "in_sync")
    seen: list[str] = []
    address = accounts(one)
    while address:
        page = browser.get(address)
        seen += [row.name for row in page.context["rows"]]
        after = page.context["page"].after
        address = accounts(one, f"?after={after}") if after else ""
    assert sorted(seen) == [f"user{number:03}" for number in range(120)]


def test_a_filter_without_a_hit_says_so_and_leads_back(browser: Client) -> None:
    one = application("Slack")
    link(one, user("ada").id, "in_sync")
    page = browser.get(accounts(one, "?q=nobody")).content.decode()
    assert "Nothing fits this filter" in page
    assert 'value="nobody"' in page


def test_the_export_has_every_row_and_no_formula(browser: Client) -> None:
    one = application("Slack")
    link(one, user("=1+1").id, "failed", "-refused")
    lines = text_of(browser.get(accounts(one, "?export=csv")))
    assert "'=1+1" in lines
    assert "'-refused" in lines


def test_choosing_an_action_says_its_reach_before_it_is_applied(browser: Client) -> None:
    one = application("Slack")
    rows = [link(one, user(name).id, "failed") for name in ("ada", "bo")]
    chosen = "&".join(f"links={row.id}" for row in rows)
    page = browser.get(f"{reverse('application-links-reach', args=[one.id])}?action=unlink&{chosen}")
    assert "Forgets 2 links." in page.content.decode()
    assert "kept as it is there" in page.content.decode()
    assert set(Link.objects.values_list("state", flat=True)) == {"failed"}


def test_a_selection_is_tried_again_each_with_its_audit_entry(browser: Client) -> None:
    one = application("Slack")
    rows = [link(one, user(name).id, "failed", "Refused.") for name in ("ada", "bo", "cy")]
    page = browser.post(act(one), {"action": "retry", "links": [rows[0].id, rows[1].id]}, follow=True)
    assert "2 links of Slack are tried again." in page.content.decode()
    assert list(Link.objects.order_by("id").values_list("state", flat=True)) == ["due", "due", "failed"]
    assert AuditEntry.objects.filter(act="link.retried").count() == 2


def test_rows_of_another_application_are_not_touched(browser: Client) -> None:
    one, other = application("Slack"), application("Zoom")
    row = link(other, user("ada").id, "failed")
    page = browser.post(act(one), {"action": "retry", "links": [row.id]}, follow=True).content.decode()
    assert "select at least one row" in page
    assert Link.objects.get().state == "failed"


def test_what_is_being_sent_is_left_and_the_rest_is_done(browser: Client) -> None:
    one = application("Slack")
    free, busy = (link(one, user(name).id, "failed") for name in ("ada", "bo"))
    Link.objects.filter(pk=busy.id).update(intent={"paths": []})
    page = browser.post(act(one), {"action": "exclude", "links": [free.id, busy.id]}, follow=True)
    assert "1 link of Slack is left alone" in page.content.decode()
    assert "Something is being sent for it" in page.content.decode()


@pytest.mark.parametrize("action", ["retry", "exclude", "unlink"])
def test_what_the_brake_holds_is_decided_under_holds_and_not_passed_by(browser: Client, action: str) -> None:
    one = application("Slack")
    row = link(one, user("ada").id, "held", "Held: 50 accounts would lose access at once.")
    page = browser.post(act(one), {"action": action, "links": [row.id]}, follow=True).content.decode()
    assert "release or keep it under Holds" in page
    assert Link.objects.get().state == "held"


def test_unlinking_is_undone_from_its_notice(browser: Client) -> None:
    one = application("Slack")
    row = Link.objects.create(
        application=one,
        kind="user",
        local_id=user("ada").id,
        remote_id="U1",
        origin="created",
        state="in_sync",
    )
    page = browser.post(f"{of(row)}/unlink", follow=True).content.decode()
    assert Link.objects.get().remote_id is None
    seal = page.split('name="undo" value="')[1].split('"')[0]
    browser.post(reverse("undo"), {"undo": seal})
    assert Link.objects.get().remote_id == "U1"


@pytest.mark.parametrize(
    ("role", "name", "allowed"),
    [
        ("help-desk", "retry", True),
        ("help-desk", "unlink", False),
        ("help-desk", "exclude", False),
        ("auditor", "retry", False),
        ("application-administrator", "unlink", True),
    ],
)
def test_each_act_has_its_own_permission(
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    role: str,
    name: str,
    allowed: bool,
) -> None:
    row = link(application("Slack"), user("ada").id, "failed")
    assert (browser_of(role).post(f"{of(row)}/{name}").status_code == 302) is allowed
    assert (Link.objects.get().state != "failed") is allowed


def test_an_act_that_does_not_exist_is_not_found(browser: Client) -> None:
    row = link(application("Slack"), user("ada").id, "failed")
    assert browser.post(f"{of(row)}/explode").status_code == 404


def test_adopting_an_id_that_is_somebody_elses_keeps_what_was_typed_with_the_way_out(browser: Client) -> None:
    one = application("Slack")
    Link.objects.create(application=one, kind="user", local_id=user("bo").id, remote_id="U1", state="in_sync")
    row = link(one, user("ada").id, "conflict", "Two accounts fit.")
    answer = browser.post(f"{of(row)}/adopt", {"remote_id": "U1"})
    assert answer.status_code == 422
    assert "Unlink it there first." in answer.content.decode()
    assert 'value="U1"' in answer.content.decode()


def test_without_an_id_nothing_is_adopted(browser: Client) -> None:
    row = link(application("Slack"), user("ada").id, "conflict")
    assert browser.post(f"{of(row)}/adopt", {}).status_code == 422
    assert Link.objects.get().state == "conflict"


@pytest.fixture
def ada(installation: Installation) -> Link:  # noqa: F811 - a fixture
    """Ada with an account that is in sync."""
    person = installation.user("ada")
    installation.granted("Sales", person)
    installation.run(2)
    return installation.link(person)


def test_one_account_shows_its_sides_its_attempts_and_their_cause(browser: Client, ada: Link) -> None:
    page = browser.get(of(ada)).content.decode()
    assert "Ada Example" in page
    assert "POST /Users" in page
    assert "Policy: created, a test" in page
    assert "Nothing is to be sent." in page
    assert f"{reverse('why')}?user={ada.local_id}&amp;application={ada.application_id}" in page


def test_the_side_panel_is_the_same_without_the_frame(browser: Client, ada: Link) -> None:
    page = browser.get(of(ada), headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page
    assert "Ada Example" in page


def test_a_value_that_differs_from_the_desired_one_is_marked(browser: Client, ada: Link) -> None:
    Link.objects.filter(pk=ada.id).update(sent={**(ada.sent or {}), "displayName": "Somebody Else"})
    page = browser.get(of(ada)).content.decode()
    marked = page.split("displayName</code>")[1].split("</tr>")[0]
    assert 'class="differs"' in marked
    assert "Somebody Else" in marked
    assert "Next: Update." in page


def test_what_is_there_now_is_read_by_one_real_request_and_recorded(
    browser: Client,
    ada: Link,
    target: LabServer,  # noqa: F811 - a fixture
) -> None:
    before = len(target.requests())
    page = browser.post(f"{of(ada)}/read").content.decode()
    assert "There now" in page
    assert "The whole resource as it was read" in page
    assert [entry["method"] for entry in target.requests()[before:]] == ["GET"]
    recorded = Attempt.objects.order_by("-id").first()
    assert recorded is not None
    assert (recorded.act, recorded.status, recorded.local_id) == ("read_now", 200, ada.local_id)


def test_a_paused_application_is_not_even_read(
    browser: Client,
    ada: Link,
    target: LabServer,  # noqa: F811 - a fixture
) -> None:
    pause(ada.application_id, actor=SYSTEM)
    before = len(target.requests())
    answer = browser.post(f"{of(ada)}/read")
    assert answer.status_code == 409
    assert "is paused, so nothing is asked of it either" in answer.content.decode()
    assert len(target.requests()) == before


def test_an_account_that_vanished_is_said_to_be_gone_and_the_page_stays(
    browser: Client,
    ada: Link,
    target: LabServer,  # noqa: F811 - a fixture
) -> None:
    target.reset()
    answer = browser.post(f"{of(ada)}/read")
    assert answer.status_code == 409
    assert "Not read:" in answer.content.decode()
    assert "Ada Example" in answer.content.decode()


def test_somebody_who_may_only_read_sends_no_request(
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    ada: Link,
    target: LabServer,  # noqa: F811 - a fixture
) -> None:
    before = len(target.requests())
    assert browser_of("auditor").post(f"{of(ada)}/read").status_code == 403
    assert len(target.requests()) == before


def test_a_leaver_shows_what_comes_next_and_why(browser: Client, ada: Link) -> None:
    set_active(ada.local_id, active=False, actor=SYSTEM)
    fold(now())
    page = browser.get(of(ada)).content.decode()
    assert "disabled in the directory" in page
    assert "Next: Deactivate." in page


def test_on_demand_finds_people_and_says_why_nothing_is_sent_without_an_engine(
    browser: Client, ada: Link
) -> None:
    address = reverse("application-provision", args=[ada.application_id])
    found = browser.get(f"{address}?q=AD").content.decode()
    assert str(ada.local_id) in found
    answer = browser.post(address, {"kind": "user", "local_id": str(ada.local_id)})
    assert answer.status_code == 409
    assert "No engine runs, so nothing can be sent." in answer.content.decode()


def test_on_demand_refuses_somebody_who_does_not_exist(browser: Client) -> None:
    one = application("Slack")
    address = reverse("application-provision", args=[one.id])
    for local_id in ("nonsense", "00000000-0000-0000-0000-000000000000", ""):
        answer = browser.post(address, {"kind": "user", "local_id": local_id})
        assert "There is no such user or group" in answer.content.decode(), local_id
