"""Reads `route_matrix.toml`: which route takes which methods, and who may use each."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("route_matrix.toml")
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

#: What a failing test tells who adds a route.
ADVICE: Final = """
Each route needs a row in tests/access/route_matrix.toml, so that somebody has decided who may use it. Under [pages] (signed in by a
session) or [tokens] (bearer tokens) add one line with the pattern as it stands in urls.py, and a word of [who] for each method:

    "users/<uuid:user_id>/photo" = { GET = "reads", POST = "directory" }

If a parameter of the path is new, give it a value in tests/access/matrix_world.py (`values`), one that exists. Routes that speak of one
application take the words that end in "-there": an account that looks after some applications is refused at all others.
Routes that are gone lose their row.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One route: by method, the callers that are let in."""

    route: str
    #: The address, where the pattern is a regular expression.
    at: str
    pages: bool
    #: By method the names of the callers; "*" alone lets in everybody, signed in or not.
    methods: dict[str, frozenset[str]]

    @property
    def is_bound(self) -> bool:
        """Whether it is about one application, so that whoever looks after others is refused."""
        return any("inside" in callers and "outside" not in callers for callers in self.methods.values())

    def admits(self, method: str, caller: str) -> bool:
        allowed = self.methods[method]
        return caller in allowed or "*" in allowed


def rows() -> dict[str, Row]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    who = {word: frozenset(callers) for word, callers in table["who"].items()}
    return {
        route: _row(route, dict(line), who, pages=section == "pages")
        for section in ("pages", "tokens")
        for route, line in table[section].items()
    }


def _row(route: str, line: dict[str, str], who: dict[str, frozenset[str]], *, pages: bool) -> Row:
    at = line.pop("at", "")
    return Row(route, at, pages, {method: who[word] for method, word in line.items()})
