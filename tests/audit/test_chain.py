"""The audit chain: what is detected, what can be erased, and what happens when it cannot be written."""

import tracemalloc

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from provisor.audit import chain
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.chain import OutsideTransactionError
from provisor.audit.erase import erase_subject
from provisor.audit.models import AuditEntry, AuditHead, AuditPayload
from provisor.audit.record import Act, record, record_many
from provisor.audit.verify import verify

ADA = Actor(kind="account", id="7", label="ada@example.com")


@pytest.fixture
def entries(db: None) -> list[AuditEntry]:
    AuditEntry.objects.count()
    return [
        record(ADA, "user.updated", subject_id=str(n), subject_label=f"u{n}", after={"n": n})
        for n in range(5)
    ]


def test_a_fresh_chain_is_whole(db: None) -> None:
    """What migrations wrote, verifies."""
    assert verify().ok


def test_r18_record_outside_a_transaction_is_refused(transactional_db: None) -> None:
    """No entry without its act: the caller must hold the transaction of the act."""
    with pytest.raises(OutsideTransactionError):
        record(SYSTEM, "user.created")


def test_an_unknown_kind_of_actor_is_refused() -> None:
    """A spelling mistake in the kind fails where it is made."""
    with pytest.raises(ValueError, match="robot"):
        Actor(kind="robot", id="", label="")


def test_r18_untouched_entries_verify(entries: list[AuditEntry]) -> None:
    """The chain counts its entries and ends in the last digest."""
    found = verify()
    assert (found.ok, found.problem, found.head) == (True, "", entries[-1].digest)
    assert found.entries == AuditEntry.objects.count() == AuditHead.objects.get().entries


def test_r18_many_entries_at_once_are_the_same_chain(entries: list[AuditEntry]) -> None:
    """Entries written in bulk follow one another, and single ones follow them."""
    many = record_many(ADA, [Act(act="x.y", after=number) for number in range(3)])
    record(ADA, "x.z")
    assert [one.previous_digest for one in many] == [entries[-1].digest, many[0].digest, many[1].digest]
    assert verify().ok
    assert record_many(ADA, []) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_label", "eve"),
        ("actor_id", "8"),
        ("actor_kind", "token"),
        ("act", "user.deleted"),
        ("subject_id", "9"),
        ("subject_label", "eve"),
        ("at", "2001-01-01T00:00:00Z"),
        ("payload_digest", "0" * 64),
    ],
)
def test_r18_an_edit_of_any_column_is_detected(entries: list[AuditEntry], column: str, value: str) -> None:
    """Every column is under the digest, or under that of the payload."""
    AuditEntry.objects.filter(id=entries[2].id).update(**{column: value})
    found = verify()
    assert not found.ok
    assert f"{entries[2].id} " in found.problem
    assert "edited" in found.problem


def test_r18_an_edit_of_the_payload_is_detected(entries: list[AuditEntry]) -> None:
    """What an act changed cannot be re-written."""
    AuditPayload.objects.filter(entry=entries[1]).update(text='{"after":{"n":2}}')
    assert "edited" in verify().problem


def test_r18_a_removed_payload_is_detected(entries: list[AuditEntry]) -> None:
    """Erasing empties a payload; removing its row is no erasure."""
    AuditPayload.objects.filter(entry=entries[1]).delete()
    assert "payload was removed" in verify().problem


def test_r18_a_deleted_entry_is_detected(entries: list[AuditEntry]) -> None:
    """A gap in the middle shows at the entry after it."""
    AuditPayload.objects.filter(entry=entries[2]).delete()
    AuditEntry.objects.filter(id=entries[2].id).delete()
    assert f"Entry {entries[3].id} does not follow" in verify().problem


def test_r18_reordered_entries_are_detected(entries: list[AuditEntry]) -> None:
    """An entry that was moved to the end leaves a gap, and follows nothing."""
    moved = entries[1].id
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET id = id + 1000 WHERE id = %s", [moved])
        cursor.execute("UPDATE audit_payload SET entry_id = entry_id + 1000 WHERE entry_id = %s", [moved])
    assert "does not follow" in verify().problem


def test_r18_truncation_is_detected_by_the_head(entries: list[AuditEntry]) -> None:
    """Cutting the last entries off leaves the head pointing beyond the end."""
    AuditPayload.objects.filter(entry=entries[4]).delete()
    AuditEntry.objects.filter(id=entries[4].id).delete()
    assert "ends too early" in verify().problem


def test_r18_truncation_with_a_forged_head_is_detected_by_the_anchor(entries: list[AuditEntry]) -> None:
    """Who can write the database can forge the head too, but not the anchor that was kept outside."""
    anchor = verify().head
    AuditPayload.objects.filter(entry=entries[4]).delete()
    AuditEntry.objects.filter(id=entries[4].id).delete()
    AuditHead.objects.update(digest=entries[3].digest)
    assert verify().ok
    assert "anchor" in verify(anchor=anchor).problem
    assert verify(anchor=entries[3].digest).ok


def test_r18_a_chain_cannot_fork(entries: list[AuditEntry]) -> None:
    """Two entries that follow the same one are refused by the database itself."""
    AuditHead.objects.update(digest=entries[3].digest)
    with pytest.raises(IntegrityError), transaction.atomic():
        record(ADA, "x.y")


def test_r18_erasing_a_subject_keeps_the_chain_whole(entries: list[AuditEntry]) -> None:
    """Name and content go, who did what to which id stays, and the erasure is an entry of its own."""
    assert erase_subject("2", actor=ADA) == 1
    assert erase_subject("2", actor=ADA) == 0
    entry = AuditEntry.objects.get(id=entries[2].id)
    assert (entry.subject_label, entry.payload.content, bytes(entry.payload.salt)) == ("", None, b"")
    assert AuditEntry.objects.order_by("-id")[0].act == "audit.erased"
    assert verify().ok


def test_r18_content_that_nobody_erased_but_is_gone_is_detected(entries: list[AuditEntry]) -> None:
    """Emptying a payload without the act of erasure is an edit."""
    AuditPayload.objects.filter(entry=entries[1]).update(text=None, salt=b"")
    AuditEntry.objects.filter(id=entries[1].id).update(subject_label="")
    assert f"content of entry {entries[1].id}" in verify().problem


def test_the_payload_is_what_was_given(entries: list[AuditEntry]) -> None:
    """Before and after come back; what was not given is absent."""
    entry = record(ADA, "x.y", before={"a": 1.5, "b": "ü"}, after=[])
    assert AuditEntry.objects.get(id=entry.id).payload.content == {
        "before": {"a": 1.5, "b": "ü"},
        "after": [],
    }


@pytest.mark.django_db(transaction=True)
def test_r18_a_rolled_back_act_leaves_no_entry_and_the_chain_goes_on() -> None:
    """The head goes back with the entry."""
    with transaction.atomic():
        record(ADA, "x.first")
    with transaction.atomic():
        record(ADA, "x.lost")
        transaction.set_rollback(True)
    with transaction.atomic():
        record(ADA, "x.second")
    assert verify().ok
    assert not AuditEntry.objects.filter(act="x.lost").exists()


def test_an_entry_costs_few_statements(entries: list[AuditEntry], django_assert_num_queries: object) -> None:
    """Two inserts, one read and one update of the head."""
    with django_assert_num_queries(4 if connection.vendor == "sqlite" else 5):  # type: ignore[operator]
        record(ADA, "x.y", after={"a": 1})


def test_lock_outside_a_transaction_is_refused(transactional_db: None) -> None:
    """A turn that nobody would ever give back is not taken."""
    with pytest.raises(OutsideTransactionError):
        chain.lock()


def test_r18_verifying_tells_how_far_it_is_and_can_be_stopped(
    entries: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisor.audit.verify._STEP", 1)
    told: list[tuple[int, int]] = []
    verify(progress=lambda done, total: told.append((done, total)))
    total = AuditEntry.objects.count()
    assert total > len(entries)
    assert told == [(done, total) for done in range(1, total)]

    def stop(done: int, total: int) -> None:
        raise InterruptedError(f"{done} of {total}")

    with pytest.raises(InterruptedError, match="1 of"):
        verify(progress=stop)


def test_r18_verifying_a_longer_chain_takes_no_more_memory_and_no_more_statements(db: None) -> None:
    """What is read is forgotten again: a record of years is checked in the memory of a page."""
    short, long = _cost_of_verifying(5_000), _cost_of_verifying(5_000)
    assert long[0] == short[0]
    assert long[1] < 1.1 * short[1]


def _cost_of_verifying(entries: int) -> tuple[int, int]:
    """Write so many more entries; return the number of statements and the most memory of one check, in bytes."""
    acts = [Act(act="thing.made", subject_id=str(number), after={"n": number}) for number in range(entries)]
    record_many(SYSTEM, acts)
    del acts
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection) as statements:
            assert verify().ok
        return len(statements), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
