r"""CEF, the Common Event Format of ArcSight, version 0.

In the header "\" and "|" are escaped, in the values of the extension "\" and "="; line breaks become \n and \r there,
and spaces in the header. So a name can forge neither a field nor a line.
"""

import json
from typing import Final

from provisor import __version__
from provisor.audit.export.content import content, is_erased, milliseconds
from provisor.audit.models import AuditEntry

#: CEF's scale from 0 to 10: notable acts, and those that take something away or were refused.
_LOW, _MEDIUM, _HIGH = 3, 5, 7
_MEDIUM_VERBS: Final = (
    "deleted",
    "removed",
    "disabled",
    "revoked",
    "cleared",
    "released",
    "paused",
    "overruled",
)
_HIGH_VERBS: Final = ("refused", "erased", "role_changed", "failed")


def line(entry: AuditEntry) -> str:
    """One entry as one CEF message, without a syslog header."""
    name = entry.act.replace(".", " ").replace("_", " ")
    head = ("CEF:0", "Provisor", "Provisor", __version__, entry.act, name, str(_severity(entry.act)))
    return "|".join([head[0], *(_header(part) for part in head[1:])]) + "|" + _extension(entry)


def _extension(entry: AuditEntry) -> str:
    sides = content(entry)
    values = {
        "rt": str(milliseconds(entry.at)),
        "externalId": str(entry.id),
        "act": entry.act,
        "suid": entry.actor_id,
        "suser": entry.actor_label,
        "cs1Label": "actorKind",
        "cs1": entry.actor_kind,
        "duid": entry.subject_id,
        "duser": entry.subject_label,
        "cs2Label": "before",
        "cs2": _json(sides.get("before")),
        "cs3Label": "after",
        "cs3": _json(sides.get("after")),
        "cs4Label": "digest",
        "cs4": entry.digest,
        "outcome": "failure" if entry.act.endswith(("refused", "failed")) else "success",
        "reason": "erased" if is_erased(entry) else "",
    }
    return " ".join(f"{name}={_value(value)}" for name, value in values.items() if value)


def _severity(act: str) -> int:
    if act.endswith(_HIGH_VERBS):
        return _HIGH
    return _MEDIUM if act.endswith(_MEDIUM_VERBS) else _LOW


def _header(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _value(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("=", "\\=").replace("\r", "\\r").replace("\n", "\\n")
    # What else `splitlines` takes for the end of a line: a reader in Python would split there.
    return "".join(character if character.isprintable() or character == "\t" else " " for character in text)


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
