"""The list of rules broken on purpose (`mutants.toml`), and how one of them is put into a tree."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("mutants.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One rule broken in one place. `tests` are node ids of pytest, or files; one of them must fail.

    `database` is where they run: "sqlite", or "postgresql" for what is about several workers.
    """

    rule: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    database: str = "sqlite"

    def applied(self, text: str) -> str:
        """The text of the file with the rule broken. ValueError unless `old` stands in it exactly once."""
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: {count} times: {self.old!r}")
        return text.replace(self.old, self.new)


def read_mutants() -> list[Mutant]:
    """All of them, in the order of the list."""
    listed = tomllib.loads(LIST.read_text())["mutant"]
    return [Mutant(**{**each, "tests": tuple(each["tests"])}) for each in listed]


def table(mutants: list[Mutant]) -> str:
    """The list as docs/testing.md shows it."""
    rows = [f"| {each.rule} | {each.breaks} | {_tests(each)} |" for each in mutants]
    return "\n".join(["| rule | broken on purpose | caught by one of |", "|---|---|---|", *rows])


def _tests(mutant: Mutant) -> str:
    shown = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in mutant.tests)
    return shown + (" on PostgreSQL" if mutant.database == "postgresql" else "")
