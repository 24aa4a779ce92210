"""The words of a CEL expression, as far as its field references and its size need them.

CEL checks syntax and types; but a map of dynamic values has no fields that CEL could know, and its budget counts
steps and not bytes. Both are looked at here, on the tokens.
"""

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>[rRbB]{0,2}(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<number>\d[\w.]*)
  | (?P<name>[A-Za-z_]\w*|`[^`\n]*`)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES: Final = re.compile(r"^([rRbB]{0,2})(\"{3}|'{3}|\"|')")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `kind` is string, number, name or sign; `text` is what it stands for, without quotes."""

    kind: str
    text: str
    position: int


def tokens(expression: str) -> tuple[Token, ...]:
    """Cut an expression that CEL has already accepted into words, without white space and comments."""
    return tuple(
        Token(match.lastgroup or "sign", _text(match.lastgroup or "", match.group()), match.start())
        for match in _TOKEN.finditer(expression)
        if match.lastgroup != "space"
    )


def closing(words: tuple[Token, ...], opening: int) -> int:
    """The index of the bracket that closes the one at `opening`, or of the last word."""
    depth = 0
    for index in range(opening, len(words)):
        if words[index].kind != "sign":
            continue
        depth += (words[index].text in _CLOSING) - (words[index].text in _CLOSING.values())
        if depth == 0:
            return index
    return len(words) - 1


def is_sign(words: tuple[Token, ...], index: int, text: str) -> bool:
    return 0 <= index < len(words) and words[index].kind == "sign" and words[index].text == text


def _text(kind: str, written: str) -> str:
    if kind == "name":
        return written.strip("`")
    quotes = _QUOTES.match(written) if kind == "string" else None
    if quotes is None:
        return written
    inner = written[quotes.end() : -len(quotes[2])]
    return inner if "r" in quotes[1].lower() else _ESCAPED.sub(r"\1", inner)
