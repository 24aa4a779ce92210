"""The threat model names tests: each of them is there."""

import re

from tests.servers.processes import ROOT

#: The holes of others that the reference of the project lists.
LESSONS = (
    "2025-41115", "2026-32130", "2026-27945", "2026-55671", "2026-32131", "2026-4630", "2026-4636", "2026-14614", "2026-4282",
    "2026-4634", "2025-4210", "2026-9092", "2022-1680", "2026-25227", "2024-37905", "2026-55106", "2026-42849", "2026-25748",
    "2026-22640", "2026-56215", "2026-57580",
)  # fmt: skip


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "threat-model.md").read_text()))
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    found = {name for text in texts for name in re.findall(r"def (test_\w+)", text)}
    assert named - found == set()
    assert len(named) > 40


def test_the_threat_model_speaks_of_every_lesson() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    assert [each for each in LESSONS if f"CVE-{each}" not in text] == []
