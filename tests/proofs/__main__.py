"""Break each rule on purpose, in a copy of the tree, and see a test fail. Whoever survives is told; then the code is 1.

python -m tests.proofs [--rule R10] [--table]
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.proofs.mutants import Mutant, read_mutants, table
from tests.servers.processes import ROOT

#: Seconds after which a run counts as failed: a rule that is broken may well hang what waits for it.
_LONGEST = 240
#: What pytest returns when tests ran and some failed.
_FAILED = 1
_COPIED = ("src", "tests", "bench", "pyproject.toml")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _copy(to: Path) -> None:
    for name in _COPIED:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, to / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(here, to / name)


def _run(tree: Path, tests: list[str]) -> subprocess.CompletedProcess[str] | None:
    """Run tests on the copy; None when they do not end."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    try:
        return subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired:
        return None


def _is_caught(tree: Path, mutant: Mutant) -> bool:
    """Whether one of its tests fails once the rule is broken."""
    path = tree / mutant.file
    sound = path.read_text()
    _write(path, mutant.applied(sound))
    try:
        ran = _run(tree, list(mutant.tests))
    finally:
        _write(path, sound)
    if ran is not None and ran.returncode not in (0, _FAILED):
        raise SystemExit(f"{mutant.rule}, {mutant.breaks}: the tests could not be run\n{ran.stdout[-3000:]}")
    return ran is None or ran.returncode == _FAILED


def _write(path: Path, text: str) -> None:
    """Compiled code is told apart by the second and the size alone, so what there is goes."""
    path.write_text(text)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _survivors(tree: Path, mutants: list[Mutant]) -> list[Mutant]:
    survivors = []
    for number, mutant in enumerate(mutants, start=1):
        began = time.monotonic()
        caught = _is_caught(tree, mutant)
        word = "caught" if caught else "SURVIVED"
        _say(f"{number:3} {mutant.rule:4} {word:8} {time.monotonic() - began:5.1f} s  {mutant.breaks}")
        if not caught:
            survivors.append(mutant)
    return survivors


def _check(tree: Path, mutants: list[Mutant]) -> None:
    """All that is named must pass before anything is broken: else everything would look caught."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    ran = _run(tree, tests)
    if ran is None or ran.returncode != 0:
        said = "they did not end" if ran is None else ran.stdout[-3000:]
        raise SystemExit(f"The tests do not pass on the unbroken tree:\n{said}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("--rule", help="break this rule only, such as R10")
    parser.add_argument("--from", type=int, default=1, dest="first", help="begin with this line of the list")
    parser.add_argument("--table", action="store_true", help="print the list as docs/testing.md has it")
    arguments = parser.parse_args()
    mutants = [each for each in read_mutants() if arguments.rule in (None, each.rule)][arguments.first - 1 :]
    if arguments.table:
        _say(table(mutants))
        return 0
    for mutant in mutants:
        mutant.applied((ROOT / mutant.file).read_text())
    with tempfile.TemporaryDirectory(prefix="provisor-mutants-") as directory:
        tree = Path(directory)
        _copy(tree)
        _check(tree, mutants)
        survivors = _survivors(tree, mutants)
    _say(f"{len(mutants)} rules broken, {len(mutants) - len(survivors)} caught, {len(survivors)} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
