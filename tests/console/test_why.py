"""The page that answers why somebody has an account, or why not."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from provisor.access.accounts import create_account
from provisor.applications.models import Policy
from provisor.audit.actor import SYSTEM, Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.users import create_user, delete_user, set_active
from provisor.provisioning.models import AccessInterval, Attempt, Hold, Link
from tests.console.conftest import application, link

BO = Actor(kind="account", id="bo", label="bo@example.com")
HOSTILE = "</td><script>alert(1)</script>{{ 7|add:7 }}"


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def ask(browser: Client, user=None, of=None) -> str:
    given = {"user": getattr(user, "id", user) or "", "application": getattr(of, "id", of) or ""}
    response = browser.get(reverse("why"), given)
    assert response.status_code == 200
    return response.content.decode()


def person(name: str = "alice"):
    return create_user({"userName": name}, actor=BO)


def grant(of, group) -> Policy:
    now = timezone.now()
    return Policy.objects.create(
        name=f"{of.name} for {group.display_name}",
        application=of,
        group=group,
        created_at=now,
        updated_at=now,
    )


def granted(name: str = "alice"):
    """A person in Sales EMEA, which is in Sales, with an account in Slack."""
    slack, alice = application(), person(name)
    sales, emea = create_group("Sales", actor=SYSTEM), create_group("Sales EMEA", actor=SYSTEM)
    nest(sales.id, emea.id, actor=SYSTEM)
    add_members(emea.id, [alice.id], actor=BO)
    grant(slack, sales)
    here = link(slack, alice.id, "in_sync")
    Link.objects.filter(pk=here.pk).update(remote_id="U07", origin="created")
    return slack, alice, sales, emea


def test_without_a_question_it_says_what_it_answers_and_offers_both_fields(browser: Client):
    slack = application()
    page = ask(browser)
    assert "Whom, and where?" in page
    assert f'<option value="{slack.id}">Slack</option>' in page
    assert 'name="user"' in page


def test_the_chain_names_every_link_with_its_actor_and_its_address(browser: Client):
    slack, alice, sales, emea = granted()
    page = ask(browser, alice, slack)
    for sentence in (
        "alice has an account in Slack, and this is why.",
        "alice is in “Sales EMEA”.",
        "“Sales EMEA” is in “Sales”.",
        "The policy “Slack for Sales” grants Slack to “Sales”.",
        "The account there is U07; it was created.",
        "added by bo@example.com",
    ):
        assert sentence in text(page)
    for name, key in (("user", alice.id), ("group", sales.id), ("group", emea.id)):
        assert f'href="{reverse(name, args=[key])}"' in page
    assert "data-missing" not in page


def test_a_user_name_asks_as_well_as_an_id_and_comes_back_in_the_field(browser: Client):
    slack, alice, _sales, _emea = granted()
    assert "alice has an account in Slack" in ask(browser, "ALICE", slack)
    assert 'value="alice"' in ask(browser, alice, slack)


@pytest.mark.parametrize("role", ["owner", "auditor"])
def test_who_is_in_no_group_of_a_policy_can_be_added_by_those_who_may(db: None, role: str):
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM))
    slack, _alice, sales, _emea = granted()
    page = ask(client, person("dora"), slack)
    assert page.count("data-missing") == 1
    assert "dora has no account in Slack" in text(page)
    button = f"{reverse('group', args=[sales.id])}?show=out&amp;q=dora"
    assert (button in page) == (role == "owner")
    assert ("An owner or application administrator can mend this" in page) == (role == "auditor")


def test_the_chain_ends_at_the_first_missing_link(browser: Client):
    slack, alice, _sales, _emea = granted()
    Link.objects.all().delete()
    set_active(alice.id, False, actor=BO)
    page = ask(browser, alice, slack)
    chain = page[page.index('<ol class="chain">') : page.index("</ol>")]
    assert "is disabled in the directory" in text(chain)
    assert "grants Slack" not in text(chain)
    assert "Activate alice" in text(chain)
    assert "grants Slack" in text(page)


def test_without_a_policy_the_button_adds_one(browser: Client):
    page = ask(browser, person(), slack := application())
    assert f"{reverse('add-policy')}?application={slack.id}" in page


def test_a_pause_and_a_hold_lead_to_the_pages_that_end_them(browser: Client):
    slack, alice, _sales, _emea = granted()
    slack.paused, slack.paused_reason = True, "Moving house"
    slack.save()
    here = Link.objects.get()
    Hold.objects.create(
        application=slack, link_id=here.pk, act="deactivate", effect="x", held_at=1, reason="Many."
    )
    page = ask(browser, alice, slack)
    assert "Resume Slack…" in page
    assert f'href="{reverse("application-holds", args=[slack.id])}"' in page


def test_every_way_of_several_is_shown(browser: Client):
    slack, alice, _sales, _emea = granted()
    engineers = create_group("Engineers", actor=SYSTEM)
    add_members(engineers.id, [alice.id], actor=BO)
    grant(slack, engineers)
    page = text(ask(browser, alice, slack))
    assert "Way 1 of 2" in page
    assert "Way 2 of 2" in page


def test_it_says_since_when_and_until_when_the_account_was_live(browser: Client):
    slack, alice, _sales, _emea = granted()
    AccessInterval.objects.create(
        application=slack, user_id=alice.id, remote_id="U06", from_at=1_000, from_cause="assigned", to_at=2_000, to_cause="disabled"
    )  # fmt: skip
    AccessInterval.objects.create(
        application=slack, user_id=alice.id, remote_id="U07", from_at=3_000, from_cause="assigned"
    )
    page = text(ask(browser, alice, slack))
    assert page.index("U07 1970-01-01 00:00:03 UTC assigned still live") < page.index(
        "U06 1970-01-01 00:00:01 UTC"
    )


def test_a_person_alone_shows_every_application_with_its_state(browser: Client):
    _slack, alice, _sales, _emea = granted()
    application("Zoom")
    page = ask(browser, alice)
    assert "Slack in sync Why?" in text(page)
    assert "Zoom none Why not?" in text(page)


def test_an_unknown_user_or_application_is_a_sentence_and_what_was_typed_stays(browser: Client):
    page = ask(browser, "nobody at all", uuid4())
    assert "There is no user “nobody at all”" in text(page)
    assert "There is no such application any more" in text(page)
    assert 'value="nobody at all"' in page
    for broken in ("x" * 300, "\0", "%"):
        assert browser.get(reverse("why"), {"user": broken, "application": broken}).status_code == 200


def test_a_deleted_user_is_found_by_the_id(browser: Client):
    slack, alice, _sales, _emea = granted()
    delete_user(alice.id, actor=BO)
    assert "alice was deleted from the directory" in text(ask(browser, alice, slack))


def test_a_hostile_name_is_shown_as_text(browser: Client):
    slack, alice, _sales, _emea = granted(HOSTILE)
    slack.name = HOSTILE
    slack.paused, slack.paused_reason = True, HOSTILE
    slack.save()
    page = ask(browser, alice, slack)
    assert "<script>alert" not in page
    assert "{{ 7|add:7 }}" in page


def test_the_page_needs_fifteen_queries_at_most(browser: Client, django_assert_max_num_queries):
    slack, alice, _sales, _emea = granted()
    for number in range(10):
        group = create_group(f"Group {number}", actor=SYSTEM)
        add_members(group.id, [alice.id], actor=BO)
        grant(slack, group)
        application(f"App {number}")
    Attempt.objects.create(
        application=slack, local_id=alice.id, at=1, act="create", method="POST", path="/Users", status=201, milliseconds=84
    )  # fmt: skip
    with django_assert_max_num_queries(15):
        page = ask(browser, alice, slack)
    assert "it was created in 84 ms." in text(page)
