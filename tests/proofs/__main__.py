"""Break each rule on purpose, in copies of the tree, and see a test fail. Whoever survives is told; then the code is 1.

python -m tests.proofs [--rule R10] [--from 12] [--copies 2] [--table]
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.proofs.mutants import Mutant, read_mutants, table
from tests.proofs.trees import Tree, Verdict
from tests.servers.processes import ROOT

#: Seconds for all tests that are named, once, on the unbroken tree.
_ALL_TESTS = 3_600
#: What pytest returns when `-m` has chosen no test.
_NONE_CHOSEN = 5


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _copied(count: int) -> Iterator[list[Tree]]:
    with tempfile.TemporaryDirectory(prefix="provisor-mutants-", ignore_cleanup_errors=True) as directory:
        yield [Tree(Path(directory) / str(number)) for number in range(count)]


def _check(tree: Tree, mutants: list[Mutant], copies: int) -> None:
    """All that is named must pass before anything is broken: else everything would look caught."""
    for database in sorted({mutant.database for mutant in mutants}):
        tests = sorted({test for each in mutants if each.database == database for test in each.tests})
        for options in (("-m", "alone"), ("-m", "not alone", "-n", str(copies), "--dist", "loadfile")):
            ended = tree.run(tests, database, *options, seconds=_ALL_TESTS)
            if ended is None or ended.returncode not in (0, _NONE_CHOSEN):
                said = "they did not end" if ended is None else ended.stdout[-3_000:]
                raise SystemExit(f"The tests do not pass on the unbroken tree ({database}):\n{said}")


def _break(trees: list[Tree], mutants: list[Mutant]) -> list[Verdict]:
    """Break one rule after the other, in as many copies at once as there are."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def judge(mutant: Mutant) -> Verdict:
        tree, began = free.get(), time.monotonic()
        try:
            verdict = tree.judge(mutant)
        finally:
            free.put(tree)
        took = time.monotonic() - began
        _say(f"{mutant.rule:4} {verdict.word.upper():8} {took:5.0f} s  {mutant.breaks}")
        if verdict.word == "unknown":
            _say(verdict.said)
        return verdict

    with ThreadPoolExecutor(len(trees)) as pool:
        return list(pool.map(judge, mutants))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("--rule", help="break this rule only, such as R10")
    parser.add_argument("--from", type=int, default=1, dest="first", help="begin with this line of the list")
    parser.add_argument("--to", type=int, help="end with this line of the list")
    parser.add_argument("--copies", type=int, default=os.cpu_count() or 1, help="so many rules at once")
    parser.add_argument("--table", action="store_true", help="print the list as docs/testing.md has it")
    arguments = parser.parse_args()
    listed = read_mutants()[arguments.first - 1 : arguments.to]
    mutants = [each for each in listed if arguments.rule in (None, each.rule)]
    if arguments.table:
        _say(table(mutants))
        return 0
    for mutant in mutants:
        mutant.applied((ROOT / mutant.file).read_text())
    with _copied(arguments.copies) as trees:
        _check(trees[0], mutants, arguments.copies)
        words = [verdict.word for verdict in _break(trees, mutants)]
    told = ", ".join(f"{words.count(word)} {word}" for word in ("caught", "survived", "unknown"))
    _say(f"{len(mutants)} rules broken: {told}")
    return 0 if words.count("caught") == len(words) else 1


if __name__ == "__main__":
    sys.exit(main())
