"""Notices of health: once per reason, in the reason's commit, delivered by e-mail and webhook, once more when over."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.audit.verify import verify
from provisor.notices import delivery
from provisor.notices.audited import note_verification
from provisor.notices.channels import add_email, add_webhook, choose_events, remove_channel
from provisor.notices.courier import Courier
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel, Delivery, Notice, Reason
from provisor.notices.trying import send_test
from provisor.provisioning.brake.decisions import release_hold
from provisor.provisioning.health import alarms, health_record
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Health
from provisor.provisioning.store import Store
from tests.provisioning.installation import Installation, eventually, now
from tests.provisioning.vices import (
    LATER,
    change,
    configure,
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
    holds,
    passes,
)
from tests.servers import LabServer
from tests.servers.sinks import HookSink, MailSink, hook_sink, mail_sink

MINUTE = 60_000


@pytest.fixture
def mailbox(settings: Any) -> Iterator[MailSink]:
    with mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_IS_SET, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", sink.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 10
        settings.DEFAULT_FROM_EMAIL = "provisor@example.com"
        settings.PUBLIC_URL = "https://provisor.example.com"
        yield sink


@pytest.fixture
def quiet_directory(settings: Any, tmp_path: Path) -> None:
    """A data directory of its own: no other engine has the lock."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def hook() -> Iterator[HookSink]:
    with hook_sink() as sink:
        yield sink


def everything(mailbox: MailSink, hook: HookSink) -> str:
    add_email("ops@example.com", EVENTS, actor=SYSTEM)
    return add_webhook(hook.url, EVENTS, actor=SYSTEM)[1]


def deliver(*, later: int = 0) -> int:
    """Deliver what is due, as the engine's courier does."""

    async def once() -> int:
        store = Store()
        try:
            return await Courier(store, lambda: now() + later).deliver()
        finally:
            await store.end()

    return asyncio.run(once())


def told(event: str = "") -> list[tuple[str, str]]:
    found = Notice.objects.order_by("id")
    found = found.filter(event=event) if event else found
    return list(found.values_list("event", "phase"))


def refuse(target: LabServer, status: int = 401) -> None:
    target.set_options(faults=[fault("status", "", "/Users", status=status, count=0)])


# --- once per reason ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "event"), [(401, "refused"), (403, "refused"), (500, "misbehaving")])
def test_r13_one_notice_per_reason_and_one_when_it_is_well_again(
    installation: Installation, target: LabServer, status: int, event: str
) -> None:
    """However many probes fail meanwhile, and with the very next reason it is told anew."""
    installation.granted("Sales", *crowd(30))
    refuse(target, status)
    installation.run()
    passes(installation, 4)
    assert told() == [(event, "began")]
    target.set_options(faults=[])
    installation.run(later=9 * LATER)
    assert told() == [(event, "began"), (event, "over")]
    refuse(target, status)
    for user in crowd(20, prefix="other"):
        add(installation, user)
    installation.run(later=10 * LATER)
    assert told() == [(event, "began"), (event, "over"), (event, "began")]


def add(installation: Installation, user: Any) -> None:
    from provisor.directory.memberships import add_members
    from provisor.directory.models import Group

    add_members(Group.objects.get(display_name="Sales").id, [user.id], actor=SYSTEM)


def test_r13_a_reason_that_changes_is_told_each_but_ends_only_once(
    installation: Installation, target: LabServer
) -> None:
    """401, then 500, then 401 again is one episode with two reasons, and one "well again"."""
    installation.granted("Sales", *crowd(3))
    for number, status in enumerate((401, 500, 401, 500), start=1):
        refuse(target, status)
        installation.run(later=number * LATER)
    target.set_options(faults=[])
    installation.run(later=9 * LATER)
    assert told() == [("refused", "began"), ("misbehaving", "began"), ("misbehaving", "over")]


def test_r12_r13_unreachable_and_throttled_are_told_only_when_they_last(
    installation: Installation, target: LabServer
) -> None:
    user = crowd(1)[0]
    installation.granted("Sales", user)
    installation.run()
    target.set_options(faults=[fault("status", "PATCH", status=429, retry_after=3_600, count=0)])
    change(user, title="new")
    installation.run()
    alarms.look(now() + 14 * MINUTE)
    assert told() == []
    alarms.look(now() + 16 * MINUTE)
    alarms.look(now() + 17 * MINUTE)
    assert told() == [("throttled", "began")]
    target.set_options(faults=[])
    installation.run(later=LATER)
    assert told() == [("throttled", "began"), ("throttled", "over")]


def test_r13_unreachable_for_a_minute_is_nobodys_night(transactional_db: None, target: LabServer) -> None:
    from tests.servers import lab

    with lab() as server:
        installation = Installation(server.base_url)
        user = crowd(1)[0]
        installation.granted("Sales", user)
        installation.run()
        server.end()
    change(user, title="new")
    installation.run()
    alarms.look(now() + 4 * MINUTE)
    assert told() == []
    alarms.look(now() + 6 * MINUTE)
    assert told() == [("unreachable", "began")]


def test_r10_what_the_brake_holds_is_told_until_it_is_decided(
    installation: Installation, target: LabServer
) -> None:
    people = crowd(3)
    installation.granted("Sales", *people)
    installation.run()
    configure(installation, brake={"count": 0, "percent": 0})
    for user in people[:2]:
        change(user, active=False)
    installation.run()
    alarms.look(now())
    alarms.look(now())
    assert told() == [("held", "began")]
    assert "2 removals" in Notice.objects.get().sentence or "held" in Notice.objects.get().sentence
    for hold in holds(installation):
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    alarms.look(now())
    assert told() == [("held", "began"), ("held", "over")]


def test_r15_a_capability_that_was_learned_the_hard_way_is_told_once(
    installation: Installation, target: LabServer
) -> None:
    user = crowd(1)[0]
    installation.granted("Sales", user, push_group=False)
    installation.run()
    target.set_options(faults=[fault("status", "PATCH", "/Users", status=501, count=0)])
    change(user, title="one")
    installation.run()
    assert told() == [("capability", "began")]
    assert "501" in Notice.objects.get().sentence


def test_r18_a_broken_audit_record_is_told_once_until_it_is_whole(transactional_db: None) -> None:
    add_email("ops@example.com", EVENTS, actor=SYSTEM)
    add_email("night@example.com", EVENTS, actor=SYSTEM)
    note_verification(verify())
    assert told() == []
    payload = AuditPayload.objects.get(entry=AuditEntry.objects.order_by("id").first())
    text = payload.text
    AuditPayload.objects.filter(pk=payload.pk).update(text='{"after": "edited"}')
    note_verification(verify())
    note_verification(verify())
    AuditPayload.objects.filter(pk=payload.pk).update(text=text)
    note_verification(verify())
    assert told() == [("audit", "began"), ("audit", "over")]


def test_r01_a_crash_between_the_state_and_its_notice_leaves_neither(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are one commit: after the crash the next pass finds the same and tells it, once."""
    installation.granted("Sales", *crowd(3))
    refuse(target)

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process was ended here")

    with monkeypatch.context() as patched:
        patched.setattr("provisor.notices.outbox.tell", crash)
        installation.run()
        assert Health.objects.get().state == "well"
        assert not Reason.objects.exists()
    installation.run(later=LATER)
    assert Health.objects.get().state == "refused"
    assert told() == [("refused", "began")]


def test_two_workers_that_find_the_same_tell_it_once(installation: Installation, target: LabServer) -> None:
    health = health_record.health_of(installation.application, now=now())
    other = Health.objects.get(pk=health.pk)
    from provisor.provisioning.health.health import Halt

    for each in (health, other):
        health_record.unwell(each, Halt(state="refused", reason="no"), now())
    assert told() == [("refused", "began")]


# --- delivery -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quiet_directory")
def test_r13_a_running_engine_delivers_by_itself(
    installation: Installation, target: LabServer, mailbox: MailSink, hook: HookSink
) -> None:
    """From the 401 to the mailbox and the webhook, through the real engine."""
    everything(mailbox, hook)
    installation.granted("Sales", *crowd(3))
    refuse(target)
    engine = make_engine()
    engine.start()
    try:
        assert eventually(lambda: mailbox.messages and hook.posted)
    finally:
        engine.stop()
    assert mailbox.subjects() == ["[Provisor] Target refuses the credential"]
    assert len(hook.posted) == 1


def test_an_email_says_what_happened_and_where_to_look(
    installation: Installation, target: LabServer, mailbox: MailSink, hook: HookSink
) -> None:
    everything(mailbox, hook)
    installation.granted("Sales", *crowd(3))
    refuse(target)
    installation.run()
    assert deliver() == 2
    assert deliver() == 0
    (message,) = mailbox.messages
    text = str(message.get_payload())
    assert mailbox.recipients == ["ops@example.com"]
    assert "401" in text
    assert f"https://provisor.example.com/apps/{installation.application.id}" in text.replace("=\n", "")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_webhook_is_signed_so_that_its_receiver_can_tell(
    installation: Installation, target: LabServer, mailbox: MailSink, hook: HookSink
) -> None:
    """As an independent reader of "Standard Webhooks" checks it; the query of the address is kept."""
    secret = everything(mailbox, hook)
    installation.granted("Sales", *crowd(3))
    refuse(target)
    installation.run()
    deliver()
    (posted,) = hook.posted
    headers = posted.headers
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), posted.body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert posted.path.endswith("?key=4711")
    assert posted.document["type"] == "provisor.refused.began"
    assert posted.document["data"]["application"] == {
        "id": str(installation.application.id),
        "name": "Target",
    }


def test_each_channel_hears_of_what_it_has_chosen(
    installation: Installation, target: LabServer, mailbox: MailSink
) -> None:
    add_email("chosen@example.com", ["refused"], actor=SYSTEM)
    add_email("other@example.com", ["leaver"], actor=SYSTEM)
    off = add_email("off@example.com", ["refused"], actor=SYSTEM)
    choose_events(off.pk, ["refused"], enabled=False, actor=SYSTEM)
    installation.granted("Sales", *crowd(3))
    refuse(target)
    installation.run()
    target.set_options(faults=[])
    installation.run(later=LATER)
    deliver(later=LATER)
    assert mailbox.recipients == ["chosen@example.com", "chosen@example.com"]
    assert mailbox.subjects() == [
        "[Provisor] Target refuses the credential",
        "[Provisor] Target is well again",
    ]


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_delivery_that_fails_is_tried_again_at_growing_distances_and_not_for_ever(
    transactional_db: None, mailbox: MailSink, hook: HookSink, status: int
) -> None:
    """Also a redirect is a failure: nothing is sent to where it points."""
    hook.status = status
    mailbox.refuses = True
    everything(mailbox, hook)
    for channel in Channel.objects.all():
        send_test(channel, actor=SYSTEM)
    assert deliver() == 2
    assert deliver(later=1_000) == 0
    later, tries = 0, 1
    for wait in delivery.AGAIN_AFTER:
        later += wait + 100
        tries += deliver(later=later) == 2
    assert tries == len(delivery.AGAIN_AFTER) + 1
    assert deliver(later=later * 10) == 0
    assert len(hook.posted) == tries
    assert len({posted.headers["webhook-id"] for posted in hook.posted}) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}
    outcomes = " ".join(Delivery.objects.values_list("outcome", flat=True))
    assert str(status) in outcomes
    assert "451" in outcomes


def test_a_delivery_arrives_once_the_other_side_is_back(
    transactional_db: None, mailbox: MailSink, hook: HookSink
) -> None:
    hook.status = 503
    everything(mailbox, hook)
    send_test(Channel.objects.get(kind="webhook"), actor=SYSTEM)
    deliver()
    hook.status = 200
    assert deliver(later=6_000) == 1
    assert Delivery.objects.get().state == "delivered"


def test_r01_a_process_that_dies_while_it_sends_loses_nothing(
    transactional_db: None, mailbox: MailSink, hook: HookSink
) -> None:
    """What it had taken is taken again by the next one, after the time in which a try ends."""
    everything(mailbox, hook)
    send_test(Channel.objects.get(kind="webhook"), actor=SYSTEM)
    assert len(delivery.take_due(now())) == 1
    assert deliver() == 0
    assert deliver(later=delivery.TRY_ENDS + 1_000) == 1
    assert len(hook.posted) == 1


def test_r16_a_webhook_in_a_private_network_is_refused_now_and_at_the_connection(
    transactional_db: None, hook: HookSink, settings: Any
) -> None:
    """Through the one door with its rules on addresses: what was allowed once is judged again."""
    channel, _ = add_webhook(hook.url, EVENTS, actor=SYSTEM)
    settings.PRIVATE_TARGETS = ()
    with pytest.raises(ConfigurationRefusal):
        add_webhook(hook.url, EVENTS, actor=SYSTEM)
    send_test(channel, actor=SYSTEM)
    deliver()
    assert hook.posted == []
    assert Delivery.objects.get().state == "failed"


def test_r17_the_address_and_the_secret_of_a_webhook_are_nowhere_in_clear(
    transactional_db: None, mailbox: MailSink, hook: HookSink
) -> None:
    from django.db import connection

    secret = everything(mailbox, hook)
    for table in ("notices_channel", "audit_entry", "audit_payload", "directory_journal_entry"):
        with connection.cursor() as cursor:
            if table not in connection.introspection.table_names(cursor):
                continue
            cursor.execute(f"SELECT * FROM {table}")
            stored = repr(cursor.fetchall())
        assert "a-secret-path" not in stored
        assert secret.removeprefix("whsec_") not in stored


def test_r18_each_change_of_a_channel_is_in_the_audit_record(transactional_db: None) -> None:
    channel = add_email("ops@example.com", ["refused"], actor=SYSTEM)
    choose_events(channel.pk, ["leaver"], enabled=True, actor=SYSTEM)
    remove_channel(channel.pk, actor=SYSTEM)
    ours = AuditEntry.objects.filter(act__startswith="notice_channel").order_by("id")
    acts = list(ours.values_list("act", flat=True))
    assert acts == ["notice_channel.created", "notice_channel.updated", "notice_channel.removed"]
    assert verify().ok


def test_a_hostile_name_of_an_application_makes_no_second_header(
    transactional_db: None, target: LabServer, mailbox: MailSink
) -> None:
    add_email("ops@example.com", EVENTS, actor=SYSTEM)
    installation = Installation(target.base_url)
    application = installation.application
    application.name = "Slack\r\nBcc: everybody@example.com"
    from provisor.provisioning.health.health import Halt

    health_record.unwell(
        health_record.health_of(application, now=now()), Halt(state="refused", reason="no"), now()
    )
    deliver()
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert mailbox.recipients == ["ops@example.com"]
