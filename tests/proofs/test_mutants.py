"""The list of rules broken on purpose holds for the code of today; `make mutants` sees that a test catches each."""

import ast

import pytest

from tests.proofs.mutants import Mutant, read_mutants, table
from tests.servers.processes import ROOT

MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule} {mutant.breaks}")
def test_every_rule_can_be_broken_where_the_list_says(mutant: Mutant) -> None:
    """What is replaced stands in the code exactly once, what comes of it is Python, and its tests are there."""
    sound = (ROOT / mutant.file).read_text()
    broken = mutant.applied(sound)
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(sound))
    for test in mutant.tests:
        path, _, name = test.partition("::")
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text()))
            if isinstance(node, _FUNCTIONS)
        }
        assert not name or name in names, f"{test} is not there any more"


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_the_list_breaks_every_rule() -> None:
    """R1 to R20 and what policies say of signing in, and at least 25 of them."""
    assert {mutant.rule for mutant in MUTANTS} == {"sign-in", *(f"R{number}" for number in range(1, 21))}
    assert {mutant.database for mutant in MUTANTS} == {"sqlite", "postgresql"}
    assert len(MUTANTS) >= 25


def test_the_documents_show_the_list() -> None:
    """docs/testing.md has it as `python -m tests.proofs --table` prints it."""
    assert table(MUTANTS) in (ROOT / "docs" / "testing.md").read_text()
