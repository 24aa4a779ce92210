"""No act without its entry, walked over every service (R18): each act is done once, and once while no entry can be written."""

import importlib
import pkgutil
from typing import Any

import pytest
from django.db import connection

from provisor.audit import record as recording
from provisor.audit.models import AuditEntry
from provisor.audit.verify import verify
from tests.audit import deeds
from tests.audit.deeds.finding import FACES, functions_of, modules, writing_functions
from tests.audit.deeds.parts import NO_ACTS, OF_FACES
from tests.audit.deeds.table import ACTS
from tests.tables import _tables

for _module in pkgutil.iter_modules(deeds.__path__):
    importlib.import_module(f"{deeds.__name__}.{_module.name}")

ADVICE = (
    "Give each a row: an act of a person, a token or Provisor goes into tests/audit/deeds/ with @act, what is none into "
    "tests/audit/deeds/parts.py under the reason."
)


class CannotBeWrittenError(Exception):
    """Stands for a database that does not take the entry."""


def test_r18_every_function_of_a_service_that_writes_is_known_as_an_act_or_as_none():
    """Whoever adds one decides."""
    there, known = writing_functions(), ACTS.keys() | NO_ACTS
    assert there == known, f"without a row: {sorted(there - known)}; gone: {sorted(known - there)}\n{ADVICE}"
    assert not ACTS.keys() & NO_ACTS


def test_r18_faces_write_nothing_themselves():
    """So that whatever they do is done by a service, and is walked here."""
    found = {
        f"{module}.{name}"
        for module, path in modules(*FACES)
        for name, one in functions_of(path).items()
        if one.writes or one.records
    }
    assert found == OF_FACES, f"new: {sorted(found - OF_FACES)}; gone: {sorted(OF_FACES - found)}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ACTS))
def test_r18_every_act_leaves_an_entry(name: str, monkeypatch: pytest.MonkeyPatch):
    act = ACTS[name](monkeypatch)
    before = AuditEntry.objects.count()
    act()
    assert AuditEntry.objects.count() > before
    assert verify().ok


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ACTS))
def test_r18_nothing_is_kept_of_an_act_whose_entry_cannot_be_written(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    act = ACTS[name](monkeypatch)
    before = _everything()

    def refuse(*_: Any) -> None:
        raise CannotBeWrittenError

    monkeypatch.setattr(recording, "_store", refuse)
    with pytest.raises(CannotBeWrittenError):
        act()
    after = _everything()
    assert {table for table in before if before[table] != after[table]} == set()


def _everything() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        return {table: _rows(cursor, table) for table in _tables() if table not in _COUNTERS}


#: A try that is counted before it is looked at stays counted, here and by rate limits.
_COUNTERS = frozenset({"access_failed_sign_ins", "site_cache"})


def _rows(cursor: Any, table: str) -> list[str]:
    cursor.execute(f'SELECT * FROM "{table}"')
    return sorted(map(repr, cursor.fetchall()))
