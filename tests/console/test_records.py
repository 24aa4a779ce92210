"""The audit record and the journal: found again, opened, verified, taken away as files."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.erase import erase_subject
from provisor.audit.models import AuditEntry
from provisor.audit.record import record
from provisor.console.models import Work
from provisor.console.records.checking import KIND, latest_check
from provisor.console.records.days import DaysForm
from provisor.console.records.filtering import EVENTS
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import JournalEntry
from provisor.directory.users import create_user, delete_user
from provisor.provisioning.models import Attempt
from tests.console.conftest import application
from tests.provisioning.installation import eventually

BO = Actor(kind="account", id="bo", label="bo@example.com")
PROGRAM = Actor(kind="token", id="t", label='bo@example.com, token "HR"')
HOSTILE = "</td><script>alert(1)</script>{{ 7|add:7 }}"


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def get(browser: Client, name: str, *arguments: object, **query: object) -> str:
    response = browser.get(reverse(name, args=arguments), query)
    assert response.status_code == 200
    return response.content.decode()


def rows(page: str) -> str:
    """The words of the table alone, without the choices of the filter."""
    return text(page[page.index("<tbody>") : page.index("</tbody>")]) if "<tbody>" in page else ""


def of_role(role: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM))
    return client


def act(name: str, actor: Actor = BO, **fields: object) -> AuditEntry:
    with transaction.atomic():
        return record(actor, name, **fields)


def streamed(browser: Client, name: str, kind: str, **query: object) -> str:
    response = browser.get(reverse(name), {"export": kind, **query})
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


@pytest.mark.parametrize(
    ("role", "sees"), [("owner", 200), ("auditor", 200), ("approver", 403), ("help-desk", 403), ("application-administrator", 403)]
)  # fmt: skip
def test_the_audit_record_is_for_those_who_may_read_it(db: None, role: str, sees: int):
    client = of_role(role)
    entry = act("thing.done")
    for address in (reverse("audit"), reverse("audit-entry", args=[entry.id]), reverse("audit-verify")):
        assert client.get(address).status_code == sees
    assert client.get(reverse("journal")).status_code == 200


def test_acts_are_found_by_act_actor_kind_and_subject(browser: Client):
    alice = create_user({"userName": "alice"}, actor=BO)
    create_user({"userName": "bob"}, actor=PROGRAM)
    create_group("Sales", actor=BO)
    every = rows(get(browser, "audit"))
    assert "alice" in every
    assert "Sales" in every
    assert "alice" not in rows(get(browser, "audit", act="group.created"))
    assert "Sales" in rows(get(browser, "audit", act="group.created"))
    by_token = rows(get(browser, "audit", kind="token"))
    assert "bob" in by_token
    assert "alice" not in by_token
    assert "bob" in rows(get(browser, "audit", actor="HR"))
    for subject in ("ALI", str(alice.id)):
        found = rows(get(browser, "audit", subject=subject))
        assert "alice" in found
        assert "bob" not in found
    assert "No act fits this filter" in get(browser, "audit", subject="nobody")


def test_days_are_those_of_the_viewer(db: None):
    form = DaysForm({"since": "2026-05-03", "until": "2026-05-03", "zone": "Pacific/Auckland"})
    assert form.is_valid()
    zone = ZoneInfo("Pacific/Auckland")
    assert form.bounds() == {
        "at__gte": datetime(2026, 5, 3, tzinfo=zone),
        "at__lt": datetime(2026, 5, 4, tzinfo=zone),
    }


def test_days_leave_out_what_was_before_and_after(browser: Client):
    entry = act("thing.done", subject_label="the thing")
    today = timezone.now().date().isoformat()
    assert "the thing" in rows(get(browser, "audit", since=today, until=today, zone="UTC"))
    assert "the thing" not in rows(get(browser, "audit", until="2020-01-01"))
    assert entry.at.date().isoformat() == today


def test_days_that_cannot_be_are_named_and_nothing_typed_is_lost(browser: Client):
    page = get(browser, "audit", since="2026-05-03", until="2026-05-01", subject="alice")
    assert "This day is before the first one" in page
    assert 'value="alice"' in page
    for broken in ("not a day", "0001-01-01", "9999-12-31", "\0"):
        get(browser, "audit", since=broken, zone="Nowhere/At all")
        get(browser, "journal", until=broken, zone="../../etc/passwd")


def test_an_act_opens_with_both_sides_of_what_it_changed(browser: Client):
    user = create_user({"userName": "alice", "displayName": "Ada"}, actor=BO)
    entry = act("user.updated", subject_id=user.id, subject_label="alice", before={"title": "Clerk"}, after={"title": "Chief", "roles": [{"value": "a"}, {"value": "b"}]})  # fmt: skip
    page = get(browser, "audit-entry", entry.id)
    assert "title Clerk Chief" in text(page)
    assert "roles — value: a; value: b" in text(page)
    assert f'href="{reverse("user", args=[user.id])}"' in page


def test_a_long_list_is_cut_and_its_number_said(browser: Client):
    entry = act("group.members_added", after={"members": [f"m{number:04}" for number in range(5000)]})
    page = text(get(browser, "audit-entry", entry.id))
    assert "m0019" in page
    assert "m0020" not in page
    assert "and 4,980 more" in page


def test_an_erased_act_says_so(browser: Client):
    user = create_user({"userName": "alice"}, actor=BO)
    delete_user(user.id, actor=BO)
    erase_subject(user.id, actor=BO)
    entry = AuditEntry.objects.filter(act="user.created").latest("id")
    page = text(get(browser, "audit-entry", entry.id))
    assert "What was written here was erased" in page
    lines = [json.loads(line) for line in streamed(browser, "audit", "jsonl").splitlines()]
    assert next(line for line in lines if line["id"] == entry.id)["erased"] is True


def test_an_entry_that_is_not_there_is_not_found(browser: Client):
    for name in ("audit-entry", "journal-entry"):
        for number in (10**9, 2**80):
            assert browser.get(reverse(name, args=[number])).status_code == 404


def test_the_export_is_what_the_filter_found_and_no_cell_is_a_formula(browser: Client):
    act("thing.done", subject_label="=1+1", after={"a": 1})
    act("other.done", subject_label="left out")
    lines = streamed(browser, "audit", "csv", act="thing.done")
    assert "'=1+1" in lines
    assert ",=1+1" not in lines
    assert "left out" not in lines
    rows_of = [
        json.loads(line) for line in streamed(browser, "audit", "jsonl", act="thing.done").splitlines()
    ]
    assert [(row["subject"]["label"], row["after"]) for row in rows_of] == [("=1+1", {"a": 1})]


def test_an_export_longer_than_one_part_is_whole(browser: Client):
    with transaction.atomic():
        for number in range(1203):
            record(BO, "thing.done", subject_label=str(number))
    found = [
        json.loads(line)["subject"]["label"]
        for line in streamed(browser, "audit", "jsonl", act="thing.done").splitlines()
    ]
    assert found == [str(number) for number in reversed(range(1203))]


def test_a_journal_longer_than_one_part_is_whole(browser: Client):
    at, subject = timezone.now(), application().id
    JournalEntry.objects.bulk_create(
        JournalEntry(at=at, event="user.updated", actor=str(number), subject_id=subject)
        for number in range(1203)
    )
    lines = streamed(browser, "journal", "csv", event="user.updated").splitlines()[1:]
    assert [line.split(",")[3] for line in lines] == [str(number) for number in reversed(range(1203))]


@pytest.mark.parametrize(("name", "kind"), [("audit", "csv"), ("audit", "jsonl"), ("journal", "csv")])
def test_a_long_file_leaves_in_parts_while_it_is_read(owner: Account, name: str, kind: str):
    """As the service sends it: its first byte does not wait for its last."""
    with transaction.atomic():
        for number in range(1203):
            record(BO, "thing.done", subject_label=str(number))
    at, subject = timezone.now(), application().id
    JournalEntry.objects.bulk_create(
        JournalEntry(at=at, event="user.updated", actor="bo", subject_id=subject) for _ in range(1203)
    )

    async def parts() -> list[bytes]:
        client = AsyncClient(SERVER_NAME="localhost")
        await client.aforce_login(owner)
        response = await client.get(reverse(name), {"export": kind})
        return [part async for part in response.streaming_content]

    sent = async_to_sync(parts)()
    assert len(sent) > 2
    assert len(b"".join(sent).splitlines()) >= 1203


def test_verifying_says_until_where_the_record_is_whole(transactional_db: None):
    client = of_role("auditor")
    assert "not verified from here yet" in get(client, "audit")
    assert client.post(reverse("audit-verify"), {"anchor": ""}).status_code == 302
    assert eventually(lambda: Work.objects.filter(kind=KIND, state=Work.State.FINISHED).exists())
    check = latest_check()
    assert check.ok
    assert check.verified == AuditEntry.objects.count()
    act("thing.done")
    page = text(get(client, "audit"))
    assert f"Whole: {check.verified} entries were verified" in page
    assert "1 came since." in page


def test_an_edited_record_is_shown_as_broken(transactional_db: None):
    client = of_role("auditor")
    entry = act("thing.done")
    AuditEntry.objects.filter(pk=entry.pk).update(actor_label="somebody else")
    client.post(reverse("audit-verify"), {"anchor": ""})
    assert eventually(lambda: Work.objects.filter(kind=KIND, state=Work.State.FINISHED).exists())
    page = text(get(client, "audit"))
    assert "The audit record is broken." in page
    assert "was edited after it was written" in page


def test_an_anchor_that_is_none_is_refused_beside_its_field(browser: Client):
    response = browser.post(reverse("audit-verify"), {"anchor": "not a digest"})
    assert response.status_code == 422
    assert 'value="not a digest"' in response.content.decode()
    assert not Work.objects.exists()


def test_the_journal_names_its_subjects_and_finds_them_by_name(browser: Client):
    alice = create_user({"userName": "alice"}, actor=BO)
    group = create_group("Sales", actor=PROGRAM)
    add_members(group.id, [alice.id], actor=BO)
    page = get(browser, "journal")
    assert f'href="{reverse("user", args=[alice.id])}"' in page
    assert "Group: members added Sales alice bo@example.com" in rows(page)
    for query in ({"subject": "ALI"}, {"subject": str(alice.id)}, {"event": "user.created"}):
        found = rows(get(browser, "journal", **query))
        assert "User: created" in found
        assert "Sales" not in found
    assert "Sales" in rows(get(browser, "journal", actor="HR"))
    assert "No change fits this filter" in get(browser, "journal", subject="nobody")


def test_every_event_that_the_directory_writes_can_be_chosen(browser: Client):
    """What the fixtures of this page wrote, and what the filter offers, are the same words."""
    alice = create_user({"userName": "alice"}, actor=BO)
    add_members(create_group("Sales", actor=BO).id, [alice.id], actor=BO)
    delete_user(alice.id, actor=BO)
    offered = {f"{noun}.{verb}" for noun, verbs in EVENTS.items() for verb in verbs}
    assert set(JournalEntry.objects.values_list("event", flat=True)) <= offered


def test_a_change_opens_to_the_requests_that_it_led_to(browser: Client):
    slack = application()
    alice = create_user({"userName": "alice"}, actor=BO)
    group = create_group("Sales", actor=BO)
    add_members(group.id, [alice.id], actor=BO)
    entry = JournalEntry.objects.get(event="group.members_added")
    for cause, path in ((entry.id, "/Users/caused"), (entry.id + 1, "/Users/other")):
        Attempt.objects.create(
            application=slack, local_id=alice.id, entry_id=cause, at=1, act="create", method="POST", path=path, status=201, milliseconds=1
        )  # fmt: skip
    page = get(browser, "journal-entry", entry.id)
    assert "/Users/caused" in page
    assert "/Users/other" not in page
    assert "alice" in text(page)


def test_the_journal_goes_into_a_file_without_formulas(browser: Client):
    create_user({"userName": "=cmd()"}, actor=BO)
    lines = streamed(browser, "journal", "csv", event="user.created")
    assert "'=cmd()" in lines
    assert ",=cmd()" not in lines


def test_hostile_words_are_shown_as_text(browser: Client):
    hostile = Actor(kind="account", id="x", label=HOSTILE)
    entry = act("thing.done", hostile, subject_label=HOSTILE, before={HOSTILE: HOSTILE}, after=HOSTILE)
    change = JournalEntry.objects.create(
        at=timezone.now(),
        event="user.created",
        actor=HOSTILE,
        subject_id=application().id,
        detail={HOSTILE: [HOSTILE]},
    )
    pages = [get(browser, "audit"), get(browser, "audit-entry", entry.id)]
    pages += [
        get(browser, "journal"),
        get(browser, "journal-entry", change.id),
        get(browser, "audit", subject=HOSTILE),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "{{ 7|add:7 }}" in page


def test_lists_need_fifteen_queries_at_most_and_their_pages_join(
    browser: Client, django_assert_max_num_queries
):
    for number in range(60):
        create_user({"userName": f"user{number:03}"}, actor=BO)
    for name in ("audit", "journal"):
        with django_assert_max_num_queries(15):
            first = get(browser, name)
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following
        second = browser.get(reverse(name) + following.group(1).replace("&amp;", "&")).content.decode()
        names = re.findall(r"user\d{3}", rows(first)) + re.findall(r"user\d{3}", rows(second))
        assert len(set(names)) == 60
