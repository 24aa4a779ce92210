"""The function library of expressions, as data: the documents and the console show this very table.

Where CEL's own extension of string functions (version 0) has a function, it is that one. Ours are in Python and cap
their results. Know of them that cel-expr-python 0.1.3 never frees the arguments and the result of a call into
Python, some 150 bytes for short texts: therefore none takes a whole user, and `text["..."]` is a variable.
The library's optional values are not loaded: converting a map that holds one ends the process.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.mapping.problems import nearest

#: The longest text that a function or an expression may return, in characters (and 64 KiB in UTF-8 at the end).
LONGEST_TEXT: Final = 65_536

#: Letters that Unicode does not decompose into a base letter and a mark.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "\u0131": "i",
        "\u2019": "'",
        "\u2013": "-",
        "\u2014": "-",
    }
)
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")

SAMPLE: Final[Mapping[str, Any]] = {
    "userName": "Zoë.Müller@example.com",
    "active": True,
    "name": {"givenName": "Zoë", "familyName": "Müller"},
    "displayName": "Zoë  Müller ",
    "emails": [
        {"value": "zoe@home.example", "type": "home"},
        {"value": "zoe.mueller@example.com", "type": "work", "primary": True},
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """One form of a function: its parameters and result in CEL's notation of types."""

    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that expressions may call. A `member` is written after its first argument, with a dot.

    One without overloads of ours comes with the engine.
    """

    name: str
    signature: str
    sentence: str
    example: str
    result: Any
    overloads: tuple[Overload, ...] = ()
    member: bool = False


def normalize(text: str) -> str:
    """Compatibility forms unified (NFKC), white space at the ends removed and inside reduced to one space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def to_ascii(text: str) -> str:
    """Accents removed and the rest outside ASCII dropped: Zoë Müller becomes Zoe Muller."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return decomposed.encode("ascii", "ignore").decode()


def slug(text: str) -> str:
    return _NO_WORD.sub("-", to_ascii(text).lower()).strip("-")


def before(text: str, separator: str) -> str:
    return text.partition(separator)[0] if separator else text


def after(text: str, separator: str) -> str:
    return text.partition(separator)[2] if separator else text


def joined(values: list[Any], separator: str) -> str:
    """The values that are not empty, with the separator between; other values than text are refused."""
    texts = [_must_be_text(value) for value in values if value not in (None, "")]
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST_TEXT:
        raise ValueError(_too_long())
    return separator.join(texts)


def first_of_list(values: list[Any]) -> str:
    return next((_must_be_text(value) for value in values if value not in (None, "")), "")


def _must_be_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"A text is needed here, and there is {value!r:.60}.")  # noqa: TRY004 - CEL passes it on
    return value


def _too_long() -> str:
    return f"The text grows beyond {LONGEST_TEXT:,} characters."


def capped(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that its result is within the caps and survives the way back (U+0000 would cut it)."""

    def within(*arguments: Any) -> Any:
        result = call(*arguments)
        if type(result) is str:
            if len(result) > LONGEST_TEXT:
                raise ValueError(_too_long())
            if "\0" in result:
                raise ValueError("A function cannot return a text with the character U+0000.")
        return result

    return within


def _of(parameters: str, result: str, call: Callable[..., Any]) -> Overload:
    return Overload(parameters=tuple(parameters.split()), result=result, call=capped(call))


_TEXT: Final = "string"
_LIST: Final = "list(dyn)"

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function(
        name="lowerAscii",
        signature="text.lowerAscii() → text",
        sentence="Makes the letters A to Z small and leaves all others.",
        example='"JDoe".lowerAscii()',
        result="jdoe",
        member=True,
    ),
    Function(
        name="upperAscii",
        signature="text.upperAscii() → text",
        sentence="Makes the letters a to z capital and leaves all others.",
        example='"jdoe".upperAscii()',
        result="JDOE",
        member=True,
    ),
    Function(
        name="lower",
        signature="text.lower() → text",
        sentence="Makes all letters of every script small.",
        example='"ÄRZTIN".lower()',
        result="ärztin",
        overloads=(_of("string", _TEXT, str.lower),),
        member=True,
    ),
    Function(
        name="upper",
        signature="text.upper() → text",
        sentence="Makes all letters of every script capital.",
        example='"ärztin".upper()',
        result="ÄRZTIN",
        overloads=(_of("string", _TEXT, str.upper),),
        member=True,
    ),
    Function(
        name="trim",
        signature="text.trim() → text",
        sentence="Removes white space from both ends.",
        example='"  Zoë ".trim()',
        result="Zoë",
        member=True,
    ),
    Function(
        name="replace",
        signature="text.replace(old, new) → text",
        sentence="Replaces every `old` by `new`.",
        example='"01 / 234".replace(" ", "")',
        result="01/234",
        member=True,
    ),
    Function(
        name="substring",
        signature="text.substring(start[, end]) → text",
        sentence="The characters from `start` (0 is the first) up to, not including, `end`; fails beyond its end.",
        example='"Zoë".substring(0, 1)',
        result="Z",
        member=True,
    ),
    Function(
        name="split",
        signature="text.split(separator) → list of texts",
        sentence="Cuts a text at every separator.",
        example='"a,b".split(",")',
        result=["a", "b"],
        member=True,
    ),
    Function(
        name="before",
        signature="before(text, separator) → text",
        sentence="What comes before the first separator; all of it if there is none.",
        example='before(user.userName, "@")',
        result="Zoë.Müller",
        overloads=(_of("string string", _TEXT, before),),
    ),
    Function(
        name="after",
        signature="after(text, separator) → text",
        sentence="What comes after the first separator; nothing if there is none.",
        example='after(user.userName, "@")',
        result="example.com",
        overloads=(_of("string string", _TEXT, after),),
    ),
    Function(
        name="normalize",
        signature="normalize(text) → text",
        sentence="Unifies compatibility characters (NFKC) and reduces all white space to single spaces.",
        example="normalize(user.displayName)",
        result="Zoë Müller",
        overloads=(_of("string", _TEXT, normalize),),
    ),
    Function(
        name="ascii",
        signature="ascii(text) → text",
        sentence="Removes accents, spells ß, æ, ø and their like in ASCII, and drops what is left outside ASCII.",
        example="ascii(user.name.familyName)",
        result="Muller",
        overloads=(_of("string", _TEXT, to_ascii),),
    ),
    Function(
        name="slug",
        signature="slug(text) → text",
        sentence="Small ASCII letters and digits, everything else becomes one hyphen.",
        example='slug("Zoë Müller, Köln")',
        result="zoe-muller-koln",
        overloads=(_of("string", _TEXT, slug),),
    ),
    Function(
        name="joined",
        signature="joined(list, separator) → text",
        sentence="Puts the texts of a list together with the separator between; empty ones are left out.",
        example='joined([user.name.givenName, "", user.name.familyName], " ")',
        result="Zoë Müller",
        overloads=(_of(f"{_LIST} string", _TEXT, joined),),
    ),
    Function(
        name="firstNonEmpty",
        signature="firstNonEmpty(list) → text",
        sentence='The first text of a list that is not empty, or "".',
        example='firstNonEmpty(["", user.name.givenName])',
        result="Zoë",
        overloads=(_of(_LIST, _TEXT, first_of_list),),
    ),
    Function(
        name="text",
        signature='text["path"] → text',
        sentence='The text at a SCIM path, or at the first of several with | between; "" where there is none.',
        example='text["nickName | name.givenName"]',
        result="Zoë",
    ),
)


def nearest_function(name: str) -> str:
    return nearest(name, [function.name for function in FUNCTIONS])
