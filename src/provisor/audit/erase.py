"""Erasing personal data from the audit log; the chain stays whole, since it holds salted hashes only."""

import json

from django.db import transaction

from provisor.audit import chain
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry, AuditPayload
from provisor.audit.record import record

#: The act that names the entries whose content was erased.
ERASED = "audit.erased"


def erase_subject(subject_id: object, *, actor: Actor) -> int:
    """Erase the before, after and name in every entry about the subject; return how many entries lost them.

    What stays is who did what to which id, and when. The erasure is itself an entry.
    """
    with transaction.atomic():
        chain.lock()
        about = AuditEntry.objects.filter(subject_id=str(subject_id), payload__text__isnull=False)
        ids = list(about.exclude(act=ERASED).values_list("id", flat=True))
        if ids:
            _empty(ids)
            record(actor, ERASED, subject_id=subject_id, after={"entries": ids})
    return len(ids)


def _empty(ids: list[int]) -> None:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        AuditPayload.objects.filter(entry_id__in=some).update(text=None, salt=b"")
        AuditEntry.objects.filter(id__in=some).update(subject_label="")


def entries_named_in(text: str | None) -> set[int]:
    """Return the entries which an act of erasure names, from its payload."""
    return set(json.loads(text)["after"]["entries"]) if text else set()
