"""Copies of the tree in which rules are broken, and what becomes of the tests there."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proofs.mutants import Mutant
from tests.servers.processes import ROOT

#: Seconds after which a run of the tests of one mutant is ended.
LONGEST = 300
#: What pytest returns when all tests passed, and when tests ran and some failed.
_PASSED, _FAILED = 0, 1
_COPIED = ("src", "tests", "bench", "docs", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`caught`, `survived` or `unknown`; of an unknown one, `said` is the end of what pytest printed."""

    word: str
    said: str = ""


class Tree:
    """One copy; only one rule is broken in it at a time."""

    def __init__(self, place: Path) -> None:
        self._place = place
        for name in _COPIED:
            here, there = ROOT / name, place / name
            if here.is_dir():
                shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(here, there)

    def judge(self, mutant: Mutant) -> Verdict:
        """Whether one of its tests fails once the rule is broken."""
        path = self._place / mutant.file
        sound = path.read_text()
        _write(path, mutant.applied(sound))
        try:
            ended = self.run(mutant.tests, mutant.database)
        finally:
            _write(path, sound)
        if ended is None:
            return self._hung(mutant)
        words = {_PASSED: "survived", _FAILED: "caught"}
        return Verdict(words.get(ended.returncode, "unknown"), ended.stdout[-3_000:])

    def _hung(self, mutant: Mutant) -> Verdict:
        """A broken rule may well hang what waits for it; a machine that is slow today proves nothing."""
        ended = self.run(mutant.tests, mutant.database)
        if ended is not None and ended.returncode == _PASSED:
            return Verdict("caught")
        return Verdict(
            "unknown", f"The tests do not end within {LONGEST} s, or fail, on the unbroken tree, too."
        )

    def run(
        self, tests: Sequence[str], database: str, *options: str, seconds: float = LONGEST
    ) -> "subprocess.CompletedProcess[str] | None":
        """Run tests on the copy as it is; None when they do not end in time."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", *options, *tests]
        environment = os.environ | {
            "PYTHONPATH": str(self._place / "src"),
            "PROVISOR_TEST_DATABASE": database,
        }
        try:
            return subprocess.run(
                command, cwd=self._place, env=environment, capture_output=True, text=True, check=False,
                timeout=seconds,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None


def _write(path: Path, text: str) -> None:
    """Compiled code is told apart by the second and the size alone, so what there is goes."""
    path.write_text(text)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
