"""Claims as lines that a person writes, and the rules that they stand for.

name = displayName                  a path, as in the mapping; several with | between
role := user.userType.lowerAscii()  an expression (CEL)
tenant = "acme"                     the same for everybody: a text in quotes, a number, true or false
groups = (groups)                   the names of the person's groups
title = title ?? "Staff"            what is claimed instead of nothing
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_LINE: Final = re.compile(r"\s*(?P<claim>[^\s:=]+)\s*(?P<sign>:?=)\s*(?P<rest>.*?)\s*")
_GROUPS: Final = "(groups)"
_INSTEAD: Final = re.compile(r'(?P<source>.*?)\s*\?\?\s*(?P<default>"(?:\\.|[^"\\])*"|[-\w.]+)')


class LineRefusedError(ValueError):
    """A line that is no claim. It has the number of the line."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def read(text: str) -> list[dict[str, Any]]:
    """The rules of these lines; empty ones are passed over. Raises `LineRefusedError`."""
    lines = enumerate(text.split("\n"), start=1)
    return [_rule(line, number) for number, line in lines if line.strip()]


def write(rules: Iterable[Mapping[str, Any]]) -> str:
    """The lines of these rules."""
    return "\n".join("".join(_parts(rule)) for rule in rules)


def _rule(line: str, number: int) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    if found is None or not found["rest"]:
        raise LineRefusedError(number)
    claim, rest = found["claim"], found["rest"]
    if found["sign"] == "=" and rest == _GROUPS:
        return {"claim": claim, "kind": "groups"}
    is_value, value = _value(rest)
    if found["sign"] == "=" and is_value:
        return {"claim": claim, "kind": "constant", "value": value}
    kind = "expression" if found["sign"] == ":=" else "direct"
    return {"claim": claim, "kind": kind, **_source(rest)}


def _source(rest: str) -> dict[str, Any]:
    found = _INSTEAD.fullmatch(rest)
    known, default = _value(found["default"]) if found else (False, None)
    if found is None or not known:
        return {"source": rest}
    return {"source": found["source"], "on_empty": "default", "default": default}


def _value(text: str) -> tuple[bool, Any]:
    """Whether this is a text in quotes, a number, true or false, and which."""
    try:
        value = json.loads(text)
    except ValueError:
        return False, None
    return isinstance(value, str | int | float | bool), value


def _parts(rule: Mapping[str, Any]) -> Iterator[str]:
    kind = rule.get("kind", "direct")
    yield f"{rule['claim']} {':=' if kind == 'expression' else '='} "
    if kind == "groups":
        yield _GROUPS
    elif kind == "constant":
        yield json.dumps(rule.get("value"), ensure_ascii=False)
    else:
        yield str(rule.get("source", ""))
    if rule.get("on_empty") == "default":
        yield f" ?? {json.dumps(rule.get('default'), ensure_ascii=False)}"
