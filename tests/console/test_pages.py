"""The pages: what they say, to whom, in how many queries, and that nothing of a target becomes HTML (R16)."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from provisor.access.models import Account
from provisor.console.reading import LATEST_ATTEMPTS, LATEST_CHANGES
from provisor.directory.models import JournalEntry, Pending
from provisor.provisioning.models import Attempt, Link
from tests.console.conftest import application, link, user

HOSTILE = (
    "</td><script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:alert(3)>{{ 7|add:7 }}"
)


class _Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _page(browser: Client, address: str = "/") -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def _attempt(of, **fields: object) -> Attempt:
    values = {
        "at": 1,
        "act": "create_user",
        "method": "POST",
        "path": "/Users",
        "milliseconds": 1.5,
        **fields,
    }
    return Attempt.objects.create(application=of, **values)


def test_an_empty_system_says_what_to_do_first(browser: Client):
    """Three steps, each with the command or the address that takes it."""
    text = _text(_page(browser))
    assert "There is no application yet" in text
    for step in ("POST /api/v1/applications", "provisor import users", "POST /api/v1/policies"):
        assert step in text


def test_home_has_one_row_for_each_application_with_its_state_in_words(browser: Client):
    """Counts by state; a deleted application is not shown."""
    Pending.objects.all().delete()  # the built-in group is a change, too, and would count as due
    slack = application("Slack")
    application("Gone", deleted_at=timezone.now())
    link(slack, user("ada").id, Link.State.IN_SYNC)
    link(slack, user("bo").id, Link.State.FAILED)
    page = _page(browser)
    (row,) = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    assert "Slack" in row
    assert "Gone" not in page
    assert re.findall(r'<td class="n">(\d+)</td>', row) == ["1", "0", "0", "1", "0", "0"]
    assert ">well</span>" in row
    assert "never" in row


def test_a_paused_application_says_so(browser: Client):
    """The word is the same everywhere."""
    application("Slack", paused=True)
    assert ">paused</span>" in _page(browser)


def test_home_counts_users_and_groups(browser: Client):
    """Deleted ones are not counted."""
    user("ada")
    gone = user("bo")
    gone.deleted_at = timezone.now()
    gone.save()
    assert "The directory has 1 user (1 active) and" in _text(_page(browser))


def test_home_shows_the_latest_changes_with_names(browser: Client):
    """The newest twenty, newest first, in words."""
    ada = user("ada")
    for number in range(LATEST_CHANGES + 5):
        JournalEntry.objects.create(
            at=timezone.now(), event="group.members_added", actor=f"actor-{number}", subject_id=ada.id
        )
    page = _page(browser)
    shown = [int(number) for number in re.findall(r"actor-(\d+)", page)]
    assert shown == list(range(LATEST_CHANGES + 4, 4, -1))
    assert "Group: members added" in page
    assert "<td>ada</td>" in page


def test_an_application_shows_what_is_stuck_worst_first_with_its_reason(browser: Client):
    """Failed, conflict, waiting; what is in sync is left out."""
    slack = application()
    for name, state in [("w", "waiting"), ("c", "conflict"), ("f", "failed"), ("s", "in_sync")]:
        link(slack, user(f"user-{name}").id, state, f"reason of {name}")
    page = _page(browser, f"/applications/{slack.id}/")
    assert re.findall(r"reason of (\w)", page) == ["f", "c", "w"]
    assert re.findall(r'<th scope="row">user-(\w)</th>', page) == ["f", "c", "w"]


def test_an_application_shows_its_latest_attempts(browser: Client):
    """The newest fifty; one without an answer says so; those of others are left out."""
    slack, other = application("Slack"), application("Zoom")
    _attempt(other, path="/Other")
    for number in range(LATEST_ATTEMPTS + 3):
        _attempt(slack, path=f"/Users/{number}", status=201)
    _attempt(slack, path="/Users/last", status=None, reason="No answer came within 30 seconds.")
    page = _page(browser, f"/applications/{slack.id}/")
    paths = re.findall(r"<code>POST /Users/(\w+)</code>", page)
    assert (len(paths), paths[0], paths[1]) == (LATEST_ATTEMPTS, "last", str(LATEST_ATTEMPTS + 2))
    assert "no answer" in page
    assert "/Other" not in page


def test_r16_everything_a_target_says_is_shown_as_text(browser: Client):
    """Names, reasons, paths and ids with markup make no tag, no attribute and no template."""
    slack = application(HOSTILE, paused=True, paused_reason=HOSTILE, base_url=HOSTILE, profile=HOSTILE)
    ada = user(HOSTILE)
    link(slack, ada.id, Link.State.FAILED, HOSTILE)
    _attempt(slack, path=HOSTILE, reason=HOSTILE, status=400, act="create_user")
    JournalEntry.objects.create(at=timezone.now(), event=HOSTILE, actor=HOSTILE, subject_id=ada.id)
    for address in ("/", f"/applications/{slack.id}/"):
        page = _page(browser, address)
        tags = _Tags(page).found
        assert "&lt;script&gt;" in page
        assert {tag for tag, _ in tags}.isdisjoint({"script", "img", "iframe", "style", "svg"})
        for _, attributes in tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert not (attributes.get("href") or "").lower().startswith("javascript:")
        assert "{{ 7|add:7 }}" in page


def test_no_page_needs_inline_script_or_style(browser: Client):
    """The content security policy would refuse them."""
    slack = application()
    anonymous = Client(SERVER_NAME="localhost")
    pages = [
        _page(browser),
        _page(browser, f"/applications/{slack.id}/"),
        _page(anonymous, "/accounts/login/"),
    ]
    for page in pages:
        tags = _Tags(page).found
        assert {tag for tag, _ in tags}.isdisjoint({"script", "style"})
        assert not [one for _, one in tags if "style" in one]
        for tag, attributes in tags:
            if tag == "link":
                assert (attributes["href"] or "").startswith("/static/")


def test_every_field_has_its_label_and_every_page_its_heading(browser: Client):
    """Names for those who do not see the page; one h1, one main, a language."""
    for page in (
        _page(browser),
        _page(browser, "/accounts/password/change/"),
        _page(Client(SERVER_NAME="localhost"), "/accounts/login/"),
    ):
        tags = _Tags(page).found
        names = [tag for tag, _ in tags]
        assert (names.count("h1"), names.count("main")) == (1, 1)
        assert ("html", {"lang": "en"}) in tags
        labelled = {one.get("for") for tag, one in tags if tag == "label"}
        fields = {one["id"] for tag, one in tags if tag == "input" and one.get("type") != "hidden"}
        assert fields <= labelled


def test_pages_take_few_queries(browser: Client, django_assert_max_num_queries):
    """At most fifteen, however many people, links, changes and attempts there are."""
    apps = [application("Slack")]
    for number in range(30):
        ada = user(f"user {number}")
        for one in apps:
            link(one, ada.id, Link.State.FAILED, "reason")
        JournalEntry.objects.create(at=timezone.now(), event="user.created", actor="bo", subject_id=ada.id)
    browser.get("/")
    with django_assert_max_num_queries(15):
        _page(browser)
    with django_assert_max_num_queries(15):
        _page(browser, f"/applications/{apps[0].id}/")


def test_an_application_that_is_not_there_is_not_found(browser: Client):
    """Unknown and deleted alike."""
    gone = application(deleted_at=timezone.now())
    for address in (f"/applications/{uuid4()}/", f"/applications/{gone.id}/", "/applications/1/"):
        assert browser.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/", "/applications/{}/"])
def test_pages_only_read(browser: Client, address: str):
    """No act by POST on them, no change of state by GET."""
    where = address.format(application().id)
    assert browser.post(where).status_code == 405


def test_a_role_without_permission_is_turned_away(browser: Client, owner: Account):
    """A role that the table does not know may nothing: 403, in words."""
    Account.objects.filter(pk=owner.pk).update(role="intern")
    response = browser.get("/")
    assert response.status_code == 403
    assert "You may not see this" in response.content.decode()


@pytest.mark.parametrize("role", ["owner", "application-administrator", "approver", "help-desk", "auditor"])
def test_every_role_may_read(browser: Client, owner: Account, role: str):
    """The status page is for everybody who signs in."""
    Account.objects.filter(pk=owner.pk).update(role=role)
    assert browser.get("/").status_code == 200
