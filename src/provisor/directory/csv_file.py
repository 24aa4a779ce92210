"""Reading a CSV file (RFC 4180) from bytes: encoding, separator, quotation marks, with the line of every fault."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from provisor.directory.csv_report import FileRefused, Refused
from provisor.directory.values import shown

LARGEST_FILE = 64 * 1024 * 1024
#: More broken lines than this and it is no CSV file.
_MOST_BROKEN = 1000
_SAVE_AS = 'In a spreadsheet program, save it as "CSV UTF-8 (comma delimited)", and try again.'
_SEPARATORS = (",", ";", "\t")
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: the number of its first line in the file, and its values."""

    line: int
    cells: list[str]


@dataclass(slots=True, kw_only=True)
class Table:
    """The header, the records below it, and the lines that are no record."""

    header: list[str]
    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def read_table(data: bytes) -> Table:
    """Read the file: UTF-8 with or without a mark; commas, semicolons or tabs. Blank lines are passed over.

    A record with more or fewer values than the header has columns is refused, and so is one with a quotation mark
    out of place. Raises `FileRefused`: wrong encoding, empty, too large, no CSV at all.
    """
    lines = list(io.StringIO(_decoded(data), newline=""))
    separator = _separator(lines)
    refused: list[Refused] = []
    rows = [row for row in _records(lines, separator, refused) if any(cell.strip() for cell in row.cells)]
    if not rows:
        raise FileRefused(
            "The file is empty.", "The first line must name the columns, such as userName,email."
        )
    header = rows[0].cells
    return Table(
        header=header,
        rows=list(_even(rows[1:], len(header), refused)),
        refused=sorted(refused, key=lambda one: one.line),
    )


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise FileRefused(
            f"The file has {len(data) / 1024**2:,.0f} MiB, and 64 MiB is the most.",
            "Cut it into several files.",
        )
    _refuse_other_formats(data)
    try:
        return data.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError as error:
        start = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
        line = data.count(b"\n", 0, start + error.start) + 1
        raise FileRefused(
            f"Line {line} contains the byte 0x{data[start + error.start]:02X}, which is not UTF-8: the file was "
            "probably saved in an older encoding such as Latin-1 or Windows-1252.",
            _SAVE_AS,
            line=line,
        ) from None


def _refuse_other_formats(data: bytes) -> None:
    if data.startswith(b"PK\x03\x04"):
        raise FileRefused("This is a workbook (.xlsx, .ods) or a ZIP archive, and no CSV file.", _SAVE_AS)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused('The file is saved as UTF-16 ("Unicode text"), and must be UTF-8.', _SAVE_AS)
    position = data.find(b"\0")
    if position >= 0:
        line = data.count(b"\n", 0, position) + 1
        raise FileRefused(
            f"Line {line} contains a NUL character: the file is not text, or is saved as UTF-16.",
            _SAVE_AS,
            line=line,
        )


def _separator(lines: list[str]) -> str:
    """Programs of countries with a decimal comma write semicolons; the header has one or the other."""
    header = next((line for line in lines if line.strip()), "")
    return max(_SEPARATORS, key=header.count)


def _records(lines: list[str], separator: str, refused: list[Refused]) -> Iterator[Row]:
    """Yield the records. After a broken one, reading goes on with the next line: a good line is never lost to it."""
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at:], delimiter=separator, strict=True)
        begin, before = at, 0
        try:
            for cells in reader:
                yield Row(line=begin + before + 1, cells=cells)
                before = reader.line_num
            at = len(lines)
        except csv.Error as error:
            at = begin + before + 1
            refused.append(_broken(at, str(error)))
            if len(refused) > _MOST_BROKEN:
                raise FileRefused("Hardly any line is CSV.", _SAVE_AS, line=refused[0].line) from None


def _broken(line: int, fault: str) -> Refused:
    if "field larger" in fault:
        return Refused(
            line=line,
            reason="A value is longer than 131,072 characters, or a quotation mark is never closed.",
            hint="Shorten the value, or close the quotation mark.",
        )
    return Refused(
        line=line,
        reason=f"A quotation mark is out of place or never closed ({fault}).",
        hint='Put the whole value in quotation marks, and write a quotation mark inside it twice: "a ""b"" c".',
    )


def _even(rows: list[Row], columns: int, refused: list[Refused]) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) == columns:
            yield row
        else:
            refused.append(
                Refused(
                    line=row.line,
                    reason=f"The line has {len(row.cells)} values, and the header has {columns} columns. The line "
                    f"begins with {shown(row.cells[0])}.",
                    hint="Put a value that contains the separator in quotation marks, and leave no column out.",
                )
            )
