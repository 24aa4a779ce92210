"""The columns that an import understands, under the names that people and other products give them."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from provisor.directory.attribute_definitions import AttributeType
from provisor.directory.csv_report import FileRefused
from provisor.directory.models import CustomAttribute
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.values import shown
from provisor.scim.path import assign, erase, parse_path
from provisor.scim.schemas import ENTERPRISE_SCHEMA

_TRUE = frozenset({"true", "yes", "y", "1", "on", "enabled", "active"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "disabled", "inactive", "suspended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `path` is where its value goes in the resource; empty for a column that the import acts on itself."""

    name: str
    aliases: tuple[str, ...] = ()
    path: str = ""
    type: AttributeType = AttributeType.STRING
    multi_valued: bool = False
    #: Values of a multi-valued attribute are objects with `value`.
    complex: bool = False
    #: An empty cell leaves the attribute as it is; elsewhere it clears it.
    keeps: bool = False


def _core(name: str, *aliases: str, path: str = "") -> Column:
    return Column(name=name, aliases=aliases, path=path or name)


def _enterprise(name: str, *aliases: str) -> Column:
    return Column(name=name, aliases=aliases, path=f"{ENTERPRISE_SCHEMA}:{name}")


def _listed(name: str, *aliases: str) -> Column:
    return Column(name=name, aliases=aliases, path=name, multi_valued=True, complex=True)


USER_NAME = Column(
    name="userName", path="userName", aliases=("login", "username", "login name", "user", "upn")
)
GROUPS = Column(name="groups", aliases=("group", "memberships", "member of"))
ACTION = Column(name="action", aliases=("operation",))
MANAGER = Column(
    name="manager",
    aliases=(
        "manager user name",
        "manager.value",
        "supervisor",
        "reports to",
        f"{ENTERPRISE_SCHEMA}:manager",
    ),
)
DISPLAY_NAME = Column(name="displayName", path="displayName", aliases=("name", "group", "group name"))
MEMBERS = Column(name="members", aliases=("users", "member"))
PARENT = Column(name="parent", aliases=("parent group", "inside"))
_EXTERNAL_ID = _core("externalId", "external identifier")

USER_COLUMNS = (
    USER_NAME,
    _EXTERNAL_ID,
    Column(
        name="active", aliases=("enabled", "status"), path="active", type=AttributeType.BOOLEAN, keeps=True
    ),
    _core("givenName", "first name", "fname", "forename", path="name.givenName"),
    _core("familyName", "last name", "lname", "surname", path="name.familyName"),
    _core("middleName", path="name.middleName"),
    _core("formattedName", path="name.formatted"),
    _core("honorificPrefix", path="name.honorificPrefix"),
    _core("honorificSuffix", path="name.honorificSuffix"),
    _core("displayName", "full name", "name"),
    _core("nickName"),
    _core("title", "job title", "position"),
    _core("userType", "employee type"),
    _core("preferredLanguage", "language"),
    _core("locale"),
    _core("timezone"),
    _core("profileUrl"),
    _core("email", "mail", "e-mail", "work email", "primary email", path='emails[type eq "work"].value'),
    _core("homeEmail", "alternate email", "private email", path='emails[type eq "home"].value'),
    _core("phone", "work phone", "primary phone", "telephone", path='phoneNumbers[type eq "work"].value'),
    _core("mobile", "mobile phone", "cell phone", path='phoneNumbers[type eq "mobile"].value'),
    _core("streetAddress", "street", path='addresses[type eq "work"].streetAddress'),
    _core("locality", "city", path='addresses[type eq "work"].locality'),
    _core("region", "state", path='addresses[type eq "work"].region'),
    _core("postalCode", "zip", "zip code", path='addresses[type eq "work"].postalCode'),
    _core("country", path='addresses[type eq "work"].country'),
    _listed("roles", "role"),
    _listed("entitlements", "permissions"),
    _enterprise("employeeNumber", "employee id", "personnel number"),
    _enterprise("costCenter"),
    _enterprise("organization", "organisation", "company"),
    _enterprise("division"),
    _enterprise("department", "dept"),
    MANAGER,
    GROUPS,
    ACTION,
)
GROUP_COLUMNS = (DISPLAY_NAME, _EXTERNAL_ID, MEMBERS, PARENT, ACTION)


def custom_columns(resource_type: str) -> list[Column]:
    """Return a column for each custom attribute: under its name, and under its whole path."""
    return [
        Column(
            name=attribute.name,
            path=f"{attribute.schema}:{attribute.name}",
            type=AttributeType(attribute.type),
            multi_valued=attribute.multi_valued,
        )
        for attribute in CustomAttribute.objects.filter(resource_type=resource_type).order_by(
            "schema", "name"
        )
    ]


def read_header(header: list[str], columns: Iterable[Column], required: Column) -> list[Column]:
    """Return the column of each cell. Raises `FileRefused`: no header, an unknown, doubled or missing column."""
    known = _by_alias(columns)
    found = [known.get(_squeezed(cell)) for cell in header]
    if not any(found):
        raise FileRefused(
            f"The first line names no column that is known here; it begins with {shown(header[0])}.",
            f"Put a line with the names of the columns first, {required.name} among them.",
        )
    named = [column for column in found if column is not None]
    _refuse_unknown([cell for cell, column in zip(header, found, strict=True) if column is None], known)
    for column in named:
        if named.count(column) > 1:
            raise FileRefused(f"Two columns mean {shown(column.name)}.", "Remove one of them.")
    if required not in named:
        raise FileRefused(
            f"There is no column {shown(required.name)}.", "Without it nobody knows who is meant: add it."
        )
    return named


def _by_alias(columns: Iterable[Column]) -> dict[str, Column]:
    """Index by squeezed name. What comes first keeps the name: a custom attribute is then found by its whole path."""
    everything = list(columns)
    names = [(column.name, column) for column in everything]
    others = [(name, column) for column in everything for name in (*column.aliases, column.path)]
    known: dict[str, Column] = {}
    for name, column in names + others:
        if name:
            known.setdefault(_squeezed(name), column)
    return known


def _squeezed(name: str) -> str:
    """`First Name`, `first_name` and `firstName` are one."""
    return re.sub(r"[\W_]", "", name.casefold())


def _refuse_unknown(cells: list[str], known: Mapping[str, Column]) -> None:
    if not cells:
        return
    if any(_squeezed(cell) in {"password", "passwd", "pwd"} for cell in cells):
        raise FileRefused(
            "Provisor keeps no passwords.", "Remove the column, and delete the file where it was kept."
        )
    said = "; ".join(_said(cell, known) for cell in cells)
    raise FileRefused(
        f"Unknown {'column' if len(cells) == 1 else 'columns'}: {said}.",
        "Rename or remove it, or declare a custom attribute. Nothing was imported.",
    )


def _said(cell: str, known: Mapping[str, Column]) -> str:
    near = list(
        dict.fromkeys(known[one].name for one in difflib.get_close_matches(_squeezed(cell), known, n=3))
    )
    return shown(cell) + (f" (did you mean {' or '.join(shown(name) for name in near)}?)" if near else "")


def put(document: dict[str, Any], column: Column, cell: str) -> None:
    """Write the cell into the resource; an empty one clears the attribute, unless the column keeps it.

    Raises `DirectoryRefusal` when the text cannot be read as the attribute's type.
    """
    path = parse_path(column.path)
    text = cell.strip()
    if text:
        assign(document, path, _value(text, column))
    elif not column.keeps:
        erase(document, path)


def split(cell: str) -> list[str]:
    """Return the values of a cell that holds several, separated by semicolons."""
    return list(dict.fromkeys(part for part in (piece.strip() for piece in cell.split(";")) if part))


def _value(text: str, column: Column) -> Any:
    read = partial(_single, column=column)
    if not column.multi_valued:
        return read(text)
    return [{"value": read(part)} if column.complex else read(part) for part in split(text)]


def _single(text: str, *, column: Column) -> Any:
    if column.type is AttributeType.BOOLEAN:
        return _boolean(text, column)
    try:
        if column.type is AttributeType.INTEGER:
            return int(text)
        if column.type is AttributeType.DECIMAL:
            return float(text)
    except ValueError:
        raise DirectoryRefusal(
            column.name, f"{shown(text)} in the column {column.name} is no number."
        ) from None
    return text


def _boolean(text: str, column: Column) -> bool:
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise DirectoryRefusal(
            column.name,
            f"{shown(text)} in the column {column.name} is neither true nor false (yes or no, 1 or 0).",
        )
    return word in _TRUE
