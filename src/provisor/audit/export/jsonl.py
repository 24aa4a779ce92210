"""JSON Lines: everything that the record holds of an act, with the digests that chain it."""

import json

from provisor.audit.export.content import content, is_erased, moment
from provisor.audit.models import AuditEntry


def line(entry: AuditEntry) -> str:
    """One entry as one JSON object in ASCII: no reader finds the end of a line inside a value."""
    document = {
        "id": entry.id,
        "at": moment(entry.at),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "label": entry.actor_label},
        "act": entry.act,
        "subject": {"id": entry.subject_id, "label": entry.subject_label},
        "erased": is_erased(entry),
        **content(entry),
        "previous_digest": entry.previous_digest,
        "digest": entry.digest,
    }
    return json.dumps(document)
