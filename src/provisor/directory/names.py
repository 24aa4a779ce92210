"""Names of users and groups: when two are the same, and which characters they may have."""

import unicodedata

from provisor.directory.refusal import DirectoryRefusal

# NFKC(casefold(NFKC(x))) without outer white space: "Straße" and "STRASSE" are one name, and so are full-width and
# plain letters. Cyrillic and Latin look-alikes are two: Unicode has no table that parts them without parting people
# from their names.
from provisor.scim.resource import fold

__all__ = ["LONGEST_NAME", "clean", "fold"]

#: Characters a name may have. More than any target takes, and its key still fits an index entry of PostgreSQL.
LONGEST_NAME = 255
_LONGEST_KEY_BYTES = 2000
#: Format characters that some scripts need inside a word (zero width joiner and non-joiner).
_JOINERS = frozenset("\u200c\u200d")
#: Controls, format characters, halves of surrogate pairs, line and paragraph separators (Unicode categories).
_UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean(text: object, field: str) -> str:
    """Return the name without outer white space. Raises `DirectoryRefusal`: empty, too long, or unprintable."""
    if not isinstance(text, str):
        raise DirectoryRefusal(field, f'"{field}" must be text.')
    name = text.strip()
    if not name:
        raise DirectoryRefusal(field, f'"{field}" is empty. Every user and every group needs a name.')
    _refuse_long(name, field)
    _refuse_unprinted(name, field)
    return name


def _refuse_long(name: str, field: str) -> None:
    if len(name) > LONGEST_NAME or len(fold(name).encode(errors="replace")) > _LONGEST_KEY_BYTES:
        shown = name[:40].encode(errors="replace").decode()
        raise DirectoryRefusal(
            field,
            f'"{field}" may have {LONGEST_NAME} characters, and "{shown}…" has {len(name)}. Shorten it.',
        )


def _refuse_unprinted(name: str, field: str) -> None:
    if name.isprintable():
        return
    for position, character in enumerate(name, start=1):
        if character not in _JOINERS and unicodedata.category(character) in _UNPRINTED:
            raise DirectoryRefusal(
                field,
                f'"{field}" contains the invisible character U+{ord(character):04X} at position {position}: two names '
                "that look the same would be different. Type the name again, without copying it.",
            )
