"""OCSF 1.1.0 (https://schema.ocsf.io): events of the category Identity & Access Management (3).

Classes: Account Change 3001, Authentication 3002, Entity Management 3004, Group Management 3006. Their numbers and
activities are those of `events/iam/*.json` in https://github.com/ocsf/ocsf-schema at 1.1.0; `type_uid` is the class
times 100 and the activity. What OCSF has no attribute for stands in `unmapped`.
"""

import json
from typing import Any, Final

from provisor.audit.actor import ActorKind
from provisor.audit.export.content import content, is_erased, milliseconds
from provisor.audit.models import AuditEntry

VERSION: Final = "1.1.0"
_CATEGORY: Final = 3
ACCOUNT_CHANGE: Final = 3001
AUTHENTICATION: Final = 3002
ENTITY_MANAGEMENT: Final = 3004
GROUP_MANAGEMENT: Final = 3006
_CLASSES: Final = {
    ACCOUNT_CHANGE: "Account Change",
    AUTHENTICATION: "Authentication",
    ENTITY_MANAGEMENT: "Entity Management",
    GROUP_MANAGEMENT: "Group Management",
}
_CREATE, _UPDATE, _DELETE = (1, "Create"), (3, "Update"), (4, "Delete")

#: Acts that a class has a better word for than "update". All others are looked up by their verb.
_ACTS: Final[dict[str, tuple[int, tuple[int, str]]]] = {
    "account.signed_in": (AUTHENTICATION, (1, "Logon")),
    "account.sign_in_refused": (AUTHENTICATION, (1, "Logon")),
    "account.signed_out": (AUTHENTICATION, (2, "Logoff")),
    "account.password_changed": (ACCOUNT_CHANGE, (3, "Password Change")),
    "account.locked": (ACCOUNT_CHANGE, (9, "Lock")),
    "account.locked_out": (ACCOUNT_CHANGE, (9, "Lock")),
    "group.members_added": (GROUP_MANAGEMENT, (3, "Add User")),
    "group.members_removed": (GROUP_MANAGEMENT, (4, "Remove User")),
}
_OF_PEOPLE: Final = {
    "created": (1, "Create"),
    "enabled": (2, "Enable"),
    "disabled": (5, "Disable"),
    "deleted": (6, "Delete"),
}
_CREATING: Final = frozenset({"created", "issued", "declared", "added", "stored", "begun"})
_DELETING: Final = frozenset({"deleted", "removed", "revoked", "erased", "cleared", "unlinked"})
#: User types of OCSF: User, Admin, System. A token acts for a program, which OCSF calls Other.
_USER_TYPES: Final = {
    ActorKind.ACCOUNT.value: (1, "User"),
    ActorKind.COMMAND.value: (2, "Admin"),
    ActorKind.SYSTEM.value: (3, "System"),
    ActorKind.TOKEN.value: (99, "Other"),
}
_REFUSED: Final = ("refused", "failed")


def line(entry: AuditEntry) -> str:
    """One entry as one OCSF event in JSON."""
    return json.dumps(document(entry))


def document(entry: AuditEntry) -> dict[str, Any]:
    """The event of an entry."""
    class_uid, (activity, activity_name) = classify(entry.act)
    failed = entry.act.endswith(_REFUSED)
    return {
        "metadata": _metadata(entry),
        "time": milliseconds(entry.at),
        "category_uid": _CATEGORY,
        "category_name": "Identity & Access Management",
        "class_uid": class_uid,
        "class_name": _CLASSES[class_uid],
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": class_uid * 100 + activity,
        "type_name": f"{_CLASSES[class_uid]}: {activity_name}",
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 2 if failed else 1,
        "status": "Failure" if failed else "Success",
        "message": entry.act,
        "actor": {"user": _user(entry)},
        **_subject(entry, class_uid),
        "unmapped": {
            "erased": is_erased(entry),
            "digest": entry.digest,
            "previous_digest": entry.previous_digest,
        },
    }


def classify(act: str) -> tuple[int, tuple[int, str]]:
    """The class and the activity of an act; whatever has no better place is the management of an entity."""
    if act in _ACTS:
        return _ACTS[act]
    noun, _, verb = act.partition(".")
    if noun in {"user", "account"} and verb in _OF_PEOPLE:
        return ACCOUNT_CHANGE, _OF_PEOPLE[verb]
    return ENTITY_MANAGEMENT, _CREATE if verb in _CREATING else _DELETE if verb in _DELETING else _UPDATE


def _metadata(entry: AuditEntry) -> dict[str, Any]:
    return {
        "version": VERSION,
        "uid": str(entry.id),
        "event_code": entry.act,
        "log_name": "audit",
        "product": {"name": "Provisor", "vendor_name": "Provisor"},
    }


def _user(entry: AuditEntry) -> dict[str, Any]:
    type_id, kind = _USER_TYPES[entry.actor_kind]
    return {"uid": entry.actor_id, "name": entry.actor_label, "type_id": type_id, "type": kind}


def _subject(entry: AuditEntry, class_uid: int) -> dict[str, Any]:
    """The object of the class that the act was done to, and what changed where the class has a place for it."""
    named = {"uid": entry.subject_id, "name": entry.subject_label}
    sides = content(entry)
    if class_uid == ENTITY_MANAGEMENT:
        entity = {**named, "type": entry.act.partition(".")[0]}
        found: dict[str, Any] = {"entity": {**entity, "data": sides.get("before")}}
        return found | ({"entity_result": {**entity, "data": sides["after"]}} if "after" in sides else {})
    if class_uid == GROUP_MANAGEMENT:
        return {"group": named, "user": _members(sides), "enrichments": _enrichments(sides)}
    # An authentication needs the service that was signed in to.
    service = {"service": {"name": "Provisor"}} if class_uid == AUTHENTICATION else {}
    return {"user": named, **service, "enrichments": _enrichments(sides)}


def _members(sides: dict[str, Any]) -> dict[str, Any]:
    """The user of a change of members, which OCSF wants as one; where there are several, how many."""
    after = sides.get("after") or sides.get("before") or {}
    members = after.get("members", []) if isinstance(after, dict) else []
    if len(members) == 1:
        return {"uid": str(members[0])}
    return {"name": f"{len(members)} users"}


def _enrichments(sides: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": side, "value": "changed values", "data": value}
        for side, value in sides.items()
        if value is not None
    ]
