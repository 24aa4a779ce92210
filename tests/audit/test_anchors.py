"""Anchors: what is noted outside the database shows what was cut off or re-written inside it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from provisor.audit import anchoring, chain
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.anchors import Anchor, AnchorsUnreadableError, append, read_file, take
from provisor.audit.models import AuditAnchor, AuditEntry, AuditHead, AuditPayload
from provisor.audit.record import record
from provisor.audit.verify import verify
from provisor.notices.models import Reason
from provisor.provisioning.homes.anchoring import anchor_forever, anchor_once
from provisor.provisioning.store import Store
from tests.servers.sinks import hook_sink

ADA = Actor(kind="account", id="7", label="ada@example.com")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def write(number: int) -> None:
    with transaction.atomic():
        for one in range(number):
            record(ADA, "user.updated", subject_id=str(one), after={"n": one})


def cut_off(number: int) -> None:
    """Remove the last entries and set the head, as somebody with the database could."""
    for entry in AuditEntry.objects.order_by("-id")[:number]:
        AuditPayload.objects.filter(entry=entry).delete()
        entry.delete()
    last = AuditEntry.objects.order_by("-id").first()
    digest = last.digest if last else chain.GENESIS
    AuditHead.objects.update(digest=digest, entries=AuditEntry.objects.count())


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    """A file for anchors, as the settings name it."""
    path = tmp_path / "anchors.jsonl"
    settings.AUDIT_ANCHORS = (str(path),)
    settings.AUDIT_ANCHOR_MINUTES = 60
    return path


def anchor_now(now: datetime = NOON) -> list[str]:
    """As `provisor audit anchor` does it; returns the problems."""
    problems = []
    for errand in anchoring.take_due(now):
        problems.append(asyncio.run(anchoring.carry(errand)))
        anchoring.note(errand, problems[-1])
    return problems


def test_r18_a_truncation_with_a_forged_head_is_detected_by_the_anchors(
    transactional_db: None, place: Path
) -> None:
    """The chain alone looks whole; the file outside has seen more entries."""
    write(5)
    assert anchor_now() == [""]
    cut_off(2)
    assert verify().ok
    found = verify(anchors=anchoring.known_anchors())
    assert not found.ok
    assert "the end was cut off" in found.problem
    assert "2026-05-04 12:00:00 UTC" in found.problem


def test_r18_a_rewritten_end_of_the_same_length_is_detected_by_the_anchors(
    transactional_db: None, place: Path
) -> None:
    """Entries cut off and others put in their place, with good digests and a good head."""
    write(5)
    anchor_now()
    cut_off(2)
    write(4)
    assert verify().ok
    found = verify(anchors=anchoring.known_anchors())
    assert "is not the one that was anchored" in found.problem


def test_r18_a_chain_that_went_on_agrees_with_every_anchor(transactional_db: None, place: Path) -> None:
    """One line for each end; none for an end that is noted already."""
    for hour in range(3):
        write(2)
        anchor_now(NOON + timedelta(hours=hour))
    anchor_now(NOON + timedelta(hours=9))
    anchors = read_file(place)
    assert [each.entries for each in anchors] == sorted({each.entries for each in anchors})
    assert len(anchors) == 3
    assert verify(anchors=anchors).ok


def test_r18_a_file_of_anchors_that_is_gone_or_holds_something_else_is_no_clean_bill(
    transactional_db: None, place: Path
) -> None:
    """Whoever cuts the record off would remove the anchors too, if they could."""
    write(1)
    anchor_now()
    place.write_bytes(place.read_bytes() + b'{"at": "2026-05-04T12:00:00Z", "entries": "7"}\n')
    with pytest.raises(AnchorsUnreadableError, match="Line 2"):
        anchoring.known_anchors()
    place.unlink()
    with pytest.raises(AnchorsUnreadableError, match="cannot be read"):
        anchoring.known_anchors()


def test_a_place_that_nothing_was_noted_in_yet_holds_no_anchors(transactional_db: None, place: Path) -> None:
    assert anchoring.known_anchors() == []


def test_an_anchor_is_one_line_that_only_its_owner_reads(transactional_db: None, place: Path) -> None:
    write(2)
    anchor_now()
    (line,) = place.read_text().splitlines()
    head = AuditHead.objects.get()
    assert json.loads(line) == {
        "at": "2026-05-04T12:00:00.000Z",
        "entries": head.entries,
        "digest": head.digest,
    }
    assert place.stat().st_mode & 0o777 == 0o600


def test_the_schedule_notes_once_in_an_interval_whoever_asks(transactional_db: None, place: Path) -> None:
    """Two workers, and a look every few seconds: one line an hour."""
    every = timedelta(minutes=60)
    write(1)
    taken = [
        len(anchoring.take_due(NOON + timedelta(minutes=minute), every=every)) for minute in (0, 0, 1, 59)
    ]
    assert taken == [1, 0, 0, 0]
    write(1)
    assert len(anchoring.take_due(NOON + timedelta(minutes=61), every=every)) == 1


def test_the_engine_anchors_to_a_webhook_and_tells_when_that_fails(
    transactional_db: None, settings: Settings
) -> None:
    """Through the one door; the address may hold a secret and is shown nowhere whole."""
    write(3)
    head = AuditHead.objects.get()
    with hook_sink() as sink:
        settings.AUDIT_ANCHORS = (f"{sink.url}&token=canary-of-the-anchor",)
        sink.status = 500
        _once(0)
        reason = Reason.objects.get(event="anchor", over_at=None)
        assert "500" in reason.sentence
        assert "canary" not in reason.sentence + AuditAnchor.objects.get().label
        sink.status = 204
        _once(3_600_001)
        assert not Reason.objects.filter(event="anchor", over_at=None).exists()
        assert sink.posted[-1].document["digest"] == head.digest
        assert "token=canary-of-the-anchor" in sink.posted[-1].path


def _once(now: int) -> None:
    async def run() -> None:
        store = Store()
        try:
            await anchor_once(store, now)
        finally:
            await store.end()

    asyncio.run(run())


def test_without_a_place_the_schedule_ends_at_once(settings: Settings) -> None:
    settings.AUDIT_ANCHORS = ()

    async def run() -> None:
        store: Any = None
        await asyncio.wait_for(anchor_forever(store, lambda: 0), 5)

    asyncio.run(run())


def test_a_file_that_cannot_be_written_is_told_and_tried_again(
    transactional_db: None, tmp_path: Path, settings: Settings
) -> None:
    """A directory in place of the file: the sentence says what to do."""
    settings.AUDIT_ANCHORS = (str(tmp_path),)
    write(1)
    (problem,) = anchor_now()
    assert "cannot be appended to" in problem
    assert AuditAnchor.objects.get().problem == problem
    settings.AUDIT_ANCHORS = (str(tmp_path / "file"),)
    assert anchor_now() == [""]


def test_r18_a_replayed_entry_is_detected(transactional_db: None) -> None:
    """A copy of an old entry at the end, with its own digest and a forged head, follows nothing."""
    write(3)
    copied = AuditEntry.objects.order_by("id").last()
    assert copied is not None
    payload = AuditPayload.objects.get(entry=copied)
    copied.pk, copied.digest, copied.previous_digest = None, "f" * 64, "e" * 64
    copied.save(force_insert=True)
    AuditPayload.objects.create(entry=copied, salt=payload.salt, text=payload.text)
    AuditHead.objects.update(digest="f" * 64)
    assert "does not follow" in verify().problem


def test_r18_payloads_that_were_exchanged_are_detected(transactional_db: None) -> None:
    """What one act changed cannot be shown as what another did."""
    write(2)
    first, second = AuditPayload.objects.order_by("-entry_id")[:2]
    for one, other in ((first, second), (second, first)):
        AuditPayload.objects.filter(pk=one.pk).update(text=other.text, salt=other.salt)
    assert "was edited" in verify().problem


def test_an_anchor_of_an_empty_record_is_no_complaint(transactional_db: None, tmp_path: Path) -> None:
    anchor = Anchor(at=NOON, entries=0, digest=chain.GENESIS)
    append(anchor, tmp_path / "a")
    with transaction.atomic():
        record(SYSTEM, "x.y")
    assert verify(anchors=[anchor, take(NOON)]).ok
