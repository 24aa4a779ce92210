"""The audit record by the command line: anchors and exports."""

import json
from pathlib import Path

from pytest_django import Settings

from provisor.audit.models import AuditEntry, AuditHead, AuditPayload

from .conftest import Command


def test_r18_verify_reads_the_anchors_of_the_settings_and_finds_a_truncation(
    provisor: Command, tmp_path: Path, settings: Settings
) -> None:
    settings.AUDIT_ANCHORS = (str(tmp_path / "anchors"),)
    assert provisor("group", "create", "Engineering").exit_code == 0
    noted = provisor("audit", "anchor")
    assert (noted.exit_code, noted.stdout.strip()) == (0, str(tmp_path / "anchors"))
    whole = provisor("audit", "verify")
    assert whole.exit_code == 0
    assert "It agrees with 1 anchor" in whole.stderr
    last = AuditEntry.objects.order_by("-id")[0]
    AuditPayload.objects.filter(entry=last).delete()
    last.delete()
    AuditHead.objects.update(digest=last.previous_digest)
    broken = provisor("audit", "verify", "--json")
    assert broken.exit_code == 1
    assert "the end was cut off" in json.loads(broken.stdout)["problem"]


def test_verify_takes_anchors_that_a_webhook_has_collected(provisor: Command, tmp_path: Path) -> None:
    provisor("group", "create", "Engineering")
    file = tmp_path / "collected"
    file.write_text(json.dumps({"at": "2026-05-04T12:00:00Z", "entries": 1, "digest": "a" * 64}) + "\n")
    broken = provisor("audit", "verify", "--anchors", file)
    assert broken.exit_code == 1
    assert "is not the one that was anchored" in broken.stderr
    missing = provisor("audit", "verify", "--anchors", tmp_path / "none")
    assert missing.exit_code == 1
    assert "cannot be read" in missing.stderr


def test_anchoring_without_a_place_says_how_to_set_one(provisor: Command, settings: Settings) -> None:
    settings.AUDIT_ANCHORS = ()
    refused = provisor("audit", "anchor")
    assert refused.exit_code == 2
    assert "PROVISOR_AUDIT_ANCHORS" in refused.stderr


def test_an_export_is_written_in_each_format_and_overwrites_nothing(
    provisor: Command, tmp_path: Path
) -> None:
    provisor("group", "create", "Engineering")
    last = AuditEntry.objects.order_by("-id")[0].id
    for name in ("jsonl", "ocsf", "cef"):
        file = tmp_path / name
        assert provisor("audit", "export", "--format", name, "-o", file).exit_code == 0
        assert len(file.read_text().splitlines()) == AuditEntry.objects.count()
        assert provisor("audit", "export", "--format", name, "-o", file).exit_code == 2
    newer = provisor("audit", "export", "--after", last - 1)
    assert [json.loads(line)["id"] for line in newer.stdout.splitlines()] == [last]
    assert provisor("audit", "export", "--until", "2001-01-01").stdout == ""
