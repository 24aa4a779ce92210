"""The record as JSON Lines, OCSF and CEF: whole, one line for each act, and nothing a name can forge."""

import json
import re

import pytest

from provisor.audit.actor import Actor
from provisor.audit.erase import erase_subject
from provisor.audit.export import FORMATS, lines
from provisor.audit.export.ocsf import classify
from provisor.audit.models import AuditEntry
from provisor.audit.record import record

HOSTILE = 'a|b=c\\d\r\nCEF:0|Evil|x|1|2|3|10|act=x\u2028\x0b"\u202e'
ADA = Actor(kind="account", id="7", label=HOSTILE)


def _lines(name: str, **how: bool) -> list[str]:
    return list(lines(AuditEntry.objects.all(), FORMATS[name], **how))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def _fields(extension: str) -> dict[str, str]:
    """Read an extension as a receiver does: a value ends where the next " key=" with a bare "=" begins."""
    parts = re.split(r"(?:^| )([A-Za-z0-9]+)=", extension)
    return {name: _unescaped(value) for name, value in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_act_is_one_line_whatever_its_names_hold(db: None, name: str) -> None:
    """`splitlines` knows more ends of lines than the line feed; a reader may too."""
    for number in range(3):
        record(ADA, "user.updated", subject_id=str(number), subject_label=HOSTILE, after={"name": HOSTILE})
    found = _lines(name)
    assert len(found) == AuditEntry.objects.count()
    assert all(len(line.splitlines()) == 1 for line in found)


def test_an_export_longer_than_one_part_is_whole_and_in_the_order_asked_for(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisor.audit.export._CHUNK", 2)
    for number in range(5):
        record(ADA, "x.y", subject_id=str(number))
    ids = [json.loads(line)["id"] for line in _lines("jsonl", oldest_first=True)]
    assert ids == list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    assert [json.loads(line)["id"] for line in _lines("jsonl")] == ids[::-1]


def test_cef_escapes_header_and_values_so_that_a_receiver_reads_what_was_written(db: None) -> None:
    """Seven bars make the header; every value comes back, with what is no text replaced by a space."""
    record(
        ADA, "user.updated", subject_id="1=2", subject_label=HOSTILE, before={"a": "x=y|\\"}, after={"a": 1}
    )
    line = _lines("cef")[0].rstrip("\n")
    header = re.split(r"(?<!\\)\|", line, maxsplit=7)
    assert header[:7] == ["CEF:0", "Provisor", "Provisor", "0.1.0", "user.updated", "user updated", "3"]
    fields = _fields(header[7])
    assert fields["suser"] == 'a|b=c\\d\r\nCEF:0|Evil|x|1|2|3|10|act=x  " '
    assert (fields["duid"], fields["act"], fields["suid"]) == ("1=2", "user.updated", "7")
    assert json.loads(fields["cs2"]) == {"a": "x=y|\\"}
    assert set(fields) == {
        "rt", "externalId", "act", "suid", "suser", "cs1Label", "cs1", "duid", "duser",
        "cs2Label", "cs2", "cs3Label", "cs3", "cs4Label", "cs4", "outcome",
    }  # fmt: skip


def test_cef_escapes_the_bar_in_the_header(db: None) -> None:
    """An act is a name of ours; the header would survive another one, too."""
    record(ADA, "x.a|b\\c\nd")
    line = _lines("cef")[0]
    assert "|x.a\\|b\\\\c d|" in line


#: From `events/iam/*.json` of the schema at 1.1.0: category 3, class 3000 + uid, and the captions of activities.
SCHEMA = {
    3001: {1: "Create", 2: "Enable", 3: "Password Change", 5: "Disable", 6: "Delete", 9: "Lock"},
    3002: {1: "Logon", 2: "Logoff"},
    3004: {1: "Create", 3: "Update", 4: "Delete"},
    3006: {3: "Add User", 4: "Remove User"},
}


@pytest.mark.parametrize(
    ("act", "class_uid", "activity"),
    [
        ("user.created", 3001, 1),
        ("user.enabled", 3001, 2),
        ("user.disabled", 3001, 5),
        ("user.deleted", 3001, 6),
        ("user.updated", 3004, 3),
        ("account.created", 3001, 1),
        ("account.password_changed", 3001, 3),
        ("account.signed_in", 3002, 1),
        ("account.sign_in_refused", 3002, 1),
        ("group.created", 3004, 1),
        ("group.members_added", 3006, 3),
        ("group.members_removed", 3006, 4),
        ("application.created", 3004, 1),
        ("policy.deleted", 3004, 4),
        ("token.revoked", 3004, 4),
        ("keys.rotation_ended", 3004, 3),
        ("something.nobody_knows", 3004, 3),
    ],
)
def test_ocsf_gives_each_act_a_class_and_an_activity_of_the_schema(
    act: str, class_uid: int, activity: int
) -> None:
    found, (number, caption) = classify(act)
    assert (found, number) == (class_uid, activity)
    assert SCHEMA[found][number] == caption


def test_ocsf_events_carry_what_their_class_requires(db: None) -> None:
    """Required attributes of the base event and of the four classes."""
    for act in ("user.created", "account.signed_in", "application.updated", "group.members_added"):
        record(ADA, act, subject_id="s", subject_label="S", before={"a": 1}, after={"members": ["u1"]})
    events = {each["message"]: each for each in map(json.loads, _lines("ocsf"))}
    for event in events.values():
        assert event["metadata"]["version"] == "1.1.0"
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["category_uid"] == event["class_uid"] // 1000 == 3
        assert {"time", "severity_id", "status_id", "actor"} <= event.keys()
    assert events["user.created"]["user"] == {"uid": "s", "name": "S"}
    assert events["account.signed_in"]["service"] == {"name": "Provisor"}
    assert events["application.updated"]["entity"]["data"] == {"a": 1}
    assert events["application.updated"]["entity_result"]["data"] == {"members": ["u1"]}
    assert events["group.members_added"]["user"] == {"uid": "u1"}
    assert events["group.members_added"]["group"] == {"uid": "s", "name": "S"}


def test_a_refusal_is_a_failure_in_both(db: None) -> None:
    record(ADA, "account.sign_in_refused")
    (event,) = [each for each in map(json.loads, _lines("ocsf")) if each["message"].endswith("refused")]
    assert (event["status_id"], event["status"]) == (2, "Failure")
    assert "outcome=failure" in _lines("cef")[0]


@pytest.mark.parametrize("name", list(FORMATS))
def test_what_was_erased_is_in_no_export(db: None, name: str) -> None:
    """The line stays: who did what to which id."""
    record(
        Actor(kind="system", id="", label="Provisor"), "user.updated", subject_id="s", after={"x": "canary-x"}
    )
    erase_subject("s", actor=ADA)
    text = "".join(_lines(name))
    assert "canary-x" not in text
    assert "user.updated" in text
